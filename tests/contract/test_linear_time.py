"""Whatever a stranger writes, looking at it takes no time: each pattern and parser of foreign text has a row.

A pattern without a row fails: whoever adds one says here with which text it is slowest.
"""

import ast
import importlib
import itertools
import re
import time
from bisect import bisect_right
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract import limits

ROOT = Path(__file__).parents[2]
PARTS = ("contract", "serving", "gate", "app", "webhook", "automation", "cli")
SIZE = 100_000
SECONDS = 0.2

# A pattern by its file and name, or the function that it stands in, and texts whose repetition is the worst.
ROWS: dict[str, tuple[str, ...]] = {
    "app/web/request_log.py:_REQUEST_ID": ("a", "a-"),
    "app/api/openapi.py:_PARAMETER": ("<", "<int:", "<a"),
    "app/api/preconditions.py:_PARTS": ('"', '"1', '"1-1'),
    "app/config/values.py:_BASE_PATH": ("/", "/.", "/a"),
    "app/config/values.py:_HOST": ("a", "a.", "-", "."),
    "app/contacts/services.py:_STATUS": ("error=", "error=1", "error=12"),
    "app/incidents/details.py:_NAME": ("a", "a.", "="),
    "app/web/incidents/evidence.py:_COMPARISON": (" ", "a >", "> 1 ", ">1e", "\n"),
    "app/web/incidents/evidence.py:_SET_OPERATOR": ("and", " an", "or_"),
    "app/alerts/identity.py:_OF_A_POD": ("-", "-a", "-abcdef", "-abcdef-bbbb"),
    "app/alerts/identity.py:_PORT": ("a", "a-", "1"),
    "app/severities.py:_BETWEEN": ("-", "p", " "),
    "app/alerts/titles.py:_PLACEHOLDER": ("{", "{a", "{a}", "}"),
    "app/alerts/titles.py:is_told": ("/", "a/", " "),
    "app/alerts/wording.py:_NUMBER": ("1", "1.", "+", "+1", "1:1"),
    "app/api/bodies.py:_HALF": ("\ud800", "a"),
    "app/api/bodies.py:_HALF_ESCAPED": ("\\ud", "\\", "\\ud8"),
    "app/oncall/notation.py:_CLOCK": ("0", "00:", "23:5"),
    "app/oncall/notation.py:_HOURS": ("0", ":", "00:00-"),
    "app/web/reviews/export.py:_SPECIAL": ("*", "a"),
    "app/web/words.py:_FIRST_PART": (".", ". ", ": "),
    "automation/follow/relay.py:_TIME": ("1", "2026-", "2026-1Z"),
    "automation/follow/relay.py:_WANTED": ('"kind": ', '"kind"', "a"),
    "automation/workload.py:WORD": ("a", "-", ","),
    "app/ops/object_store.py:_reason": ("<Code>", "<Code>a", "<"),
    "automation/policy/values.py:NAME": ("a", "a-", "a."),
    "automation/policy/values.py:_PLAYBOOK": ("a", ".yml", "a."),
    "automation/run/output.py:_CONTROL": ("\x1b[", "\x1b[0;", "\x1b", "a"),
    "automation/run/process.py:_SSH_MASTER": ("ssh: ", "[mux]", "a"),
    "cli/client.py:SECONDS": ("1", "1 "),
    "cli/times.py:length": ("1", "1h"),
    "gate/__main__.py:_ROUTE": ("1", "1=a", "1=a.", "a:"),
    "contract/durations.py:_FORM": ("1", "1.", "1m", "1d1h", "1ms"),
    "contract/durations.py:_WHOLE_FORM": ("1", "1m", "1d1h"),
    "contract/secret_kinds.py:NAME": ("token", "a-", "_pw"),
    "contract/text.py:_BREAK": ("\r", "\r\n", "\n"),
    "contract/text.py:_UNSAFE": ("\x00", "a"),
    "contract/text.py:one_line": ("\n", " ", "\u2028"),
    "webhook/config.py:_size": ("1", "1KiB"),
    "webhook/fingerprints.py:HEX": ("0", "f", "g"),
    "webhook/mending.py:PASSING_WORDS": ("1", "1.", "1a", " 1", "2026-01-31 15:04:05."),
    "webhook/times.py:_LOOSE": (
        *("1", "2026-01-31T15:04:05.", " ", "2026-01-31 15:04"),
        *("2026-01-31 15:04Z[", " m=+1", "+01 CET"),
    ),
    "webhook/times.py:_NUMBER": ("1", "1.", "."),
    "webhook/times.py:_STRICT": ("1", "2026-01-31T15:04:05.", "0001-01-01T00:00:00"),
}
BY_OTHER_TESTS = {
    "contract/secret_kinds.py": "tests/contract/test_redaction.py",
    "contract/secret_words.py": "tests/contract/test_redaction.py",
    "app/api/idempotency.py": "a header, which the server bounds; the pattern is bounded as well",
    "app/api/preconditions.py": "a header, which the server bounds; the pattern is bounded as well",
}
"""Files whose other patterns are tried elsewhere, or see bounded text only."""
OF_MATCHERS = {
    "app/maintenance/matching.py",
    "contract/instructions.py",
    "automation/policy/match.py",
    "contract/matcher_syntax.py",
    "contract/matchers.py",
}
"""Patterns that people write: their language has its own tests."""
PARSERS: dict[str, tuple[str, ...]] = {
    "contract.redaction:redact": ("a-", "token=", '"'),
    "contract.text:clean_all": ("\x00", "a ", "\u2028"),
    "contract.text:one_line_all": ("\x00", " a", "\u2028"),
    "app.paging:number": ("1", "-"),
    "app.web.pages:local_path": ("/", "//", "\\", "a:", "[", "?"),
    "app.web.hyperlinks:safe_url": ("/", "[", "http://", "@", ":"),
    "app.incidents.details:read": ("\n", "a=", "a=b\n", "\u2028", "=\n"),
    "app.incidents.saved_views:read": ("&", "q=", "q=%", ";", "state=open&"),
    "app.web.incidents.evidence:_moment": ("1", "2026-01-31T15:04:05.", "+"),
    "app.web.markdown:render": ("*", "[", "a"),
    "app.web.markdown:render_most": (
        *("*", "_", "*a", "`a", "[", "[a](", "[](", "![", "[a](http://", "<", "&", "\\", "> ", "- "),
        *("* a\n ", "1. a\n", "* * * a\n", "   - a\n", "a\n", "[x](http://a.b/("),
    ),
    "app.accounts.throttle:network": ("1", ":", "1.", "%", "a:"),
    "automation.events.lines:read_line": ("[", "{", '{"a":', '"', "1"),
    "webhook.payload:parse_text": ("[", '{"alerts":', '"', "\\u0000", "1"),
    "webhook.fingerprints:fingerprint_text": ("a",),
}

WAYS: dict[str, Callable[[Any, str], object]] = {
    "clean_all": lambda own, text: own.clean(text, len(text)),
    "one_line_all": lambda own, text: own.one_line(text, len(text)),
    "parse_text": lambda own, text: own.parse(text.encode()),
    "fingerprint_text": lambda own, text: own.fingerprint({"a": text}),
    "render_most": lambda own, text: own.render(most(text, own)),
    "read_line": lambda own, text: own.LineReader(b"key").read(text),
}
"""Parsers that take more than a text."""


def spent(work: Callable[[], object]) -> float:
    """Processor time of the quickest of ten, or of the first within the bound.

    Who shares the processor's caches and pipelines slows work down for a moment, but not ten times in a row.
    """
    quickest = float("inf")
    for _ in range(10):
        started = time.thread_time()
        with suppress(Exception):
            work()
        quickest = min(quickest, time.thread_time() - started)
        if quickest < SECONDS:
            break
    return quickest


ENGINES = {"re", "re2", "regex", "fnmatch"}


def patterns(source: str) -> set[str]:
    """The names under which a program compiles or uses patterns; "import" where it hides them from us."""
    found: set[str] = set()

    def walk(node: ast.AST, place: str) -> None:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                place = name
            case ast.Assign(targets=[ast.Name(id=name), *_]) | ast.AnnAssign(target=ast.Name(id=name)):
                place = place or name
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=attr)):
                if owner in ENGINES and attr != "Options":
                    found.add(place)
            case ast.ImportFrom(module=module) if module in ENGINES:
                found.add("import")
            case ast.Import(names=names) if any(alias.name in ENGINES and alias.asname for alias in names):
                found.add("import")
        for child in ast.iter_child_nodes(node):
            walk(child, place)

    walk(ast.parse(source), "")
    return found


@pytest.mark.threat("T32")
def test_every_pattern_has_a_row() -> None:
    files = [path for part in PARTS for path in (ROOT / part).rglob("*.py")]
    seen = {f"{path.relative_to(ROOT)}:{name}" for path in files for name in patterns(path.read_text())}
    left_out = OF_MATCHERS | BY_OTHER_TESTS.keys()
    rows = ROWS.keys()
    assert {name for name in seen if name.partition(":")[0] not in left_out} - rows == set()
    assert rows - seen == set(), "rows without a pattern"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("A = re.compile('a')", "A"),
        ("A: Final = re2.compile('a')", "A"),
        ("class B:\n    a = re.compile('a')", "a"),
        ("def c(text):\n    return re.search('a', text)", "c"),
        ("async def d(text):\n    return fnmatch.fnmatch('a', text)", "d"),
        ("print(re.sub('a', '', input()))", ""),
        ("from re import compile", "import"),
        ("import re as r", "import"),
    ],
)
def test_a_pattern_is_seen_wherever_it_stands(source: str, name: str) -> None:
    assert patterns(source) == {name}


def pattern(name: str) -> Callable[[str], Any]:
    """How the program uses a pattern: all that a text makes it do."""
    file, _, own = name.partition(":")
    used = getattr(importlib.import_module(file.removesuffix(".py").replace("/", ".")), own)
    if own == "is_told":
        return lambda text: used(text, text)
    if not hasattr(used, "fullmatch"):
        return used
    is_bytes = isinstance(used.pattern, bytes)
    # What is only asked to fit the whole text never begins anew at each character.
    is_searched = re.search(rf"\b{own}\.(sub|search|finditer|findall|split)\(", (ROOT / file).read_text())

    def use(text: str) -> None:
        data = text.encode("utf-8", "replace") if is_bytes else text
        used.match(data), used.fullmatch(data)
        if is_searched:
            used.sub(b"" if is_bytes else "", data)

    return use


def parser(name: str) -> Callable[[str], Any]:
    module, _, function = name.partition(":")
    own = importlib.import_module(module)
    if function in WAYS:
        return lambda text: WAYS[function](own, text)
    used: Callable[[str], Any] = getattr(own, function)
    return used


def most(text: str, markdown: Any) -> str:
    """Return as much of a text as is still formatted."""
    sizes = range(limits.TEXT + 1)

    def work(size: int) -> int:
        counted: int = markdown.work(text[:size].ljust(limits.TEXT, "a"))
        return counted

    size = bisect_right(sizes, markdown.MOST_WORK, key=work) - 1
    return text[:size].ljust(limits.TEXT, "a")


@pytest.mark.parametrize(("slow_moments", "is_within"), [(0, True), (9, True), (10, False)])
def test_only_what_is_slow_each_time_is_slow(
    monkeypatch: pytest.MonkeyPatch, slow_moments: int, *, is_within: bool
) -> None:
    clock = itertools.accumulate(itertools.chain((0, 2 * SECONDS) * slow_moments, (0, SECONDS / 2)))
    monkeypatch.setattr(time, "thread_time", lambda: next(clock))
    assert (spent(lambda: None) < SECONDS) is is_within


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.threat("T32")
def test_a_pattern_takes_no_time(name: str) -> None:
    work = pattern(name)
    for unit in ROWS[name]:
        for before, after in (("", ""), ("", "\n!"), ("a=", "\n\x00")):
            text = before + (unit * SIZE)[:SIZE] + after
            assert spent(lambda text=text: work(text)) < SECONDS, unit  # type: ignore[misc]


@pytest.mark.parametrize("name", PARSERS)
@pytest.mark.threat("T32")
def test_a_parser_takes_no_time(name: str) -> None:
    work = parser(name)
    for unit in PARSERS[name]:
        text = (unit * SIZE)[:SIZE]
        assert spent(lambda text=text: work(text)) < SECONDS, unit  # type: ignore[misc]


@pytest.mark.parametrize("name", [*ROWS, *PARSERS])
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(unit=st.text(min_size=1, max_size=6), after=st.text(max_size=3))
def test_no_repetition_that_somebody_finds_takes_time(name: str, unit: str, after: str) -> None:
    work = pattern(name) if name in ROWS else parser(name)
    text = (unit * SIZE)[:SIZE] + after
    assert spent(lambda: work(text)) < SECONDS
