"""Whether an alert's labels satisfy a window's matchers, as in Alertmanager: ``service=~"api|web-.*"``.

Labels come from outside and a pattern that backtracks would stop the worker, so patterns are only what people
write in practice: words, ``.*``, ``.+`` and ``|``.
"""

import re
from collections.abc import Mapping, Sequence

from app.errors import InvalidInput

MAX_MATCHERS = 20
MAX_VALUE = 200
MAX_WILDCARDS = 4

_MATCHER = re.compile(r'^([a-zA-Z_][a-zA-Z0-9_]{0,99})\s*(=~|!~|!=|=)\s*("?)(.*?)\3$')
_PATTERN = re.compile(r"^(?:[\w:/@ -]|\\\.|\.[*+]|\|)*$", re.ASCII)
_WILDCARD = re.compile(r"\.[*+]")

type Matcher = Mapping[str, str]


def read(text: str) -> list[dict[str, str]]:
    """Read matchers, one to a line: ``name=value``, ``!=``, ``=~``, ``!~``; the value may stand in quotes.

    Raises:
        InvalidInput: there is no line, one is no matcher, or its pattern is more than words and wildcards.

    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    problems = [problem for line in lines if (problem := _problem(line))]
    if not lines:
        problems = ["Name at least one label, as in service=checkout."]
    if len(lines) > MAX_MATCHERS:
        problems = [f"Use at most {MAX_MATCHERS} lines."]
    if problems:
        raise InvalidInput(
            f"matchers: {problems[0]}", [{"field": "matchers", "message": problem} for problem in problems]
        )
    found = [match for line in lines if (match := _MATCHER.match(line))]
    return [{"name": match[1], "op": match[2], "value": match[4]} for match in found]


def write(matcher: Matcher) -> str:
    """Return a matcher as ``read`` takes it."""
    return f"{matcher['name']}{matcher['op']}{matcher['value']}"


def fits(matchers: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    """Say whether all matchers hold; a label that is missing has the empty value, as in Alertmanager."""
    return all(_holds(matcher, labels.get(matcher["name"], "")) for matcher in matchers)


def _holds(matcher: Matcher, value: str) -> bool:
    op, wanted = matcher["op"], matcher["value"]
    is_same = re.fullmatch(wanted, value[:MAX_VALUE]) is not None if "~" in op else value == wanted
    return is_same is not op.startswith("!")


def _problem(line: str) -> str:
    match = _MATCHER.match(line)
    if match is None:
        return f"“{line[:80]}” is not of the form name=value."
    if len(match[4]) > MAX_VALUE:
        return f"The value of {match[1]} is longer than {MAX_VALUE} characters."
    if "~" not in match[2]:
        return ""
    if not _PATTERN.match(match[4]):
        return f"The pattern of {match[1]} may hold words, .*, .+ and | only."
    if len(_WILDCARD.findall(match[4])) > MAX_WILDCARDS:
        return f"The pattern of {match[1]} has more than {MAX_WILDCARDS} wildcards."
    return ""
