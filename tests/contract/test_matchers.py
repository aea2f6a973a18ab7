"""Matchers are Alertmanager's: the table follows the tests of its own parsers."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import limits
from contract.matchers import InvalidMatchersError, Matcher, Op, any_of, fits, read
from contract.text import safe

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20)
VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)


def triples(text):
    return [(item.name, item.op.value, item.value) for item in read(text, may_match_empty=True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{foo=bar}", [("foo", "=", "bar")]),
        ("{foo=bar,}", [("foo", "=", "bar")]),
        ("foo=bar,", [("foo", "=", "bar")]),
        ("  foo = bar  ", [("foo", "=", "bar")]),
        ("foo!=bar", [("foo", "!=", "bar")]),
        ("{foo=~[a-z]+}", [("foo", "=~", "[a-z]+")]),
        ("foo!~[a-z]+", [("foo", "!~", "[a-z]+")]),
        ("{foo=🙂bar}", [("foo", "=", "🙂bar")]),
        ('{"foo"="bar"}', [("foo", "=", "bar")]),
        (r'{"foo"="\xf0\x9f\x99\x82"}', [("foo", "=", "🙂")]),
        (r'{"foo"="\U0001f642\u00e4\344\t\n\"\\"}', None),
        (r'{"foo"="\U0001f642\u00e4\t\n\"\\"}', [("foo", "=", '🙂ä\t\n"\\')]),
        (r'"service.name"="käse"', [("service.name", "=", "käse")]),
        ("service.name=käse", [("service.name", "=", "käse")]),
        (r'"a \"quoted\" name"=x', [('a "quoted" name', "=", "x")]),
        ("{foo=bar,bar!=baz}", [("foo", "=", "bar"), ("bar", "!=", "baz")]),
        ('foo="bar" , bar !~ "b,z"', [("foo", "=", "bar"), ("bar", "!~", "b,z")]),
        ('foo="bar,quux", job="job1"', [("foo", "=", "bar,quux"), ("job", "=", "job1")]),
        ("service=checkout, instance=db-1", [("service", "=", "checkout"), ("instance", "=", "db-1")]),
        ("a=b\r\n\r\nc!=d\n", [("a", "=", "b"), ("c", "!=", "d")]),
        ('foo=""', [("foo", "=", "")]),
        # What only the older syntax knows: a backslash that escapes nothing, spaces and signs without quotes.
        ("foo=", [("foo", "=", "")]),
        ('statuscode=~"5.."', [("statuscode", "=~", "5..")]),
        (r'host=~"db\.example\.org"', [("host", "=~", r"db\.example\.org")]),
        (r"host=~db\d+", [("host", "=~", r"db\d+")]),
        ("title=out of memory", [("title", "=", "out of memory")]),
        ("tricky=~~~", [("tricky", "=~", "~~")]),
        (r"trickier==\\=\=\"", [("trickier", "=", r"=\=\="[:-1] + '="')]),
        (r'quote="She said: \"Hi, you!\""', [("quote", "=", 'She said: "Hi, you!"')]),
        ('a="it\'s"', [("a", "=", "it's")]),
        ("a=~b{2}", [("a", "=~", "b{2}")]),
        ("{a=~b{2}}", [("a", "=~", "b{2}")]),
        # Both syntaxes read these, each in its way: the older one is right, as in Alertmanager.
        (r'foo="\t"', [("foo", "=", r"\t")]),
    ],
)
def test_text_reads_as_in_alertmanager(text, expected):
    if expected is None:
        with pytest.raises(InvalidMatchersError):
            read(text)
    else:
        assert triples(text) == expected


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        (",", 1, "label name"),
        ("{,}", 2, "label name"),
        ("{", 2, "closing brace"),
        ("}", 1, "no opening brace"),
        ("{foo=bar", 9, "closing brace"),
        ("foo=bar}", 5, "brace"),
        ("{foo=bar} x", 11, "nothing may follow"),
        ('{foo=:"bar"}', 7, "comma"),
        (r'{"foo"="bar\w"}', 12, "no escape"),
        (r'{"foo"="\xf0\x9f"}', 8, "UTF-8"),
        (r'{"foo"="\ud800"}', 9, "no escape"),
        ("foo", 4, "operator"),
        ("=bar", 1, "label name"),
        ('"foo=bar"', 10, "operator"),
        ('"foo" ~ "bar"', 7, "quotes"),
        ('""=x', 1, "empty"),
        ('job="value', 5, "not closed"),
        ('job=value"', 10, "not closed"),
        ("a=b,,c=d", 5, "label name"),
        ('ALERTS{a="b"}', 7, "operator"),
        ("a b=c", 3, "operator"),
        # What would be read, and would never hold.
        ("instance='db-1'", 10, "double quotes"),
        ("instance=`db-1`", 10, "double quotes"),
        ("instance=“db-1”", 10, "double quotes"),
        ("a=b, instance=~ 'db'", 17, "double quotes"),
        ("service=checkout instance=db-1", 17, "commas"),
        ("service=checkout and instance=db-1", 21, "commas"),
        ("service=checkout;instance=db-1", 17, "commas"),
        ("service==checkout", 9, "one ="),
        ('service="a", service="b"', 14, "never hold"),
        ("service=a, service!=a", 12, "never hold"),
        ("service=a, service=~b.*", 12, "never hold"),
        ("service=~b.*, service=a", 15, "never hold"),
        ("a=b\x00", 1, "no label has"),
        ('a=b, c=~"[\x01-a]"', 6, "control character"),
        ('a=b, c=~"[^\u202a-\u202e]"', 6, "control character"),
        # Expressions that RE2 does not have, or that are too large.
        ('foo=~"invalid[regexp"', 1, "RE2"),
        ('foo=~"(?=x)y"', 1, "RE2"),
        ('foo=~"((a{100}){100}){100}"', 1, ""),
        ('foo=~"(\\\\pL{100}){9}"', 1, "too large"),
        ("a=~b{1,3}", 4, "brace"),
    ],
)
def test_what_is_not_understood_or_can_not_hold_is_refused_with_its_place(text, column, words):
    with pytest.raises(InvalidMatchersError) as refused:
        read(text)
    [problem] = refused.value.problems
    assert (problem.column, words in problem.message) == (column, True), problem
    assert refused.value.sentences == [f"Column {column}: {problem.message}."]


def test_each_wrong_line_is_told():
    with pytest.raises(InvalidMatchersError) as refused:
        read("a=b\nservice\n\nc='d'")
    assert [sentence.partition(":")[0] for sentence in refused.value.sentences] == [
        "Line 2, column 8",
        "Line 4, column 3",
    ]


@pytest.mark.parametrize("text", ["", " \n ", "{}", "severity!=critical", "foo=~.*", 'foo=""', "a!=b, c!~d"])
def test_a_set_that_holds_for_an_alert_without_labels_is_refused_as_for_a_silence(text):
    with pytest.raises(InvalidMatchersError, match="at least one"):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        ", ".join(f"a{number}=b" for number in range(limits.MATCHERS + 1)),
        "a=" + "x" * (limits.LABEL_VALUE + 1),
        "a" * (limits.LABEL_NAME + 1) + "=x",
        "a=~" + "x" * (limits.PATTERN + 1),
        "a=b," * limits.MATCHERS_TEXT,
    ],
)
def test_what_is_too_much_is_refused(text):
    with pytest.raises(InvalidMatchersError):
        read(text)


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        ("service=shop", {"service": "shop"}, True),
        ("service=shop", {"service": "shop2"}, False),
        ("service=shop", {}, False),
        ("service!=shop", {}, True),
        ("service!=shop", {"service": "shop"}, False),
        ("service=~shop|web-.*", {"service": "web-1"}, True),
        ("service=~shop|web-.*", {"service": "a-web-1"}, False),
        ("service=~.+", {}, False),
        ("service!~web-.*", {"service": "web-1"}, False),
        ("service!~web-.*", {"service": "shop"}, True),
        (r"host=~db\.example\.org", {"host": "dbxexample.org"}, False),
        ('host=~"(?i)DB"', {"host": "db"}, True),
        ("host=~a.b", {"host": "a\nb"}, True),
        ("host=~a.b", {"host": "aäb"}, True),
        ("service=", {}, True),
        ('"service.name"=~"kä.e"', {"service.name": "käse"}, True),
        ("a=~.*", {"a": "\ud800"}, True),
    ],
)
def test_a_condition_holds_as_in_alertmanager(text, labels, expected):
    assert fits(read(text, may_match_empty=True), labels) is expected


def test_an_expression_that_no_part_wrote_counts_as_met():
    assert Matcher(name="a", op=Op.MATCH, value="(").holds({})


def test_a_value_is_cut_for_matching_to_what_a_label_may_hold():
    longest = "x" * limits.LABEL_VALUE
    assert fits(read(f"a={longest}"), {"a": f"{longest}yz"})
    assert fits(read("a=~x+"), {"a": f"{longest}yz"})


@given(name=NAMES, op=st.sampled_from(Op), value=VALUES)
def test_what_is_written_is_read_as_the_same(name, op, value):
    matcher = any_of(name, [value, "other"]) if op.is_pattern else Matcher(name=name, op=op, value=value)
    assert read(str(matcher), may_match_empty=True) == [matcher]


@given(name=NAMES, values=st.lists(VALUES, min_size=1, max_size=5), other=VALUES)
def test_any_of_several_values_is_one_matcher(name, values, other):
    for value in [*values, other]:
        held = any_of(name, values).holds({safe(name): safe(value)})
        assert held is (safe(value) in [safe(one) for one in values])


@pytest.mark.parametrize("value", ["\u202egnp.exe", "a\x1bb", "a\rb", "\u2066x\u2069"])
def test_what_is_copied_from_an_alert_finds_it_and_turns_no_text(value):
    (matcher,) = read(f'file="{value}"')
    assert matcher.holds({"file": safe(value)})
    assert safe(str(matcher)) == str(matcher)


@given(st.text(st.sampled_from("a=~!{}\"'\\,. \n(x*)+|;&"), max_size=300))
def test_any_text_is_read_or_refused_with_a_place(text):
    try:
        matchers = read(text)
    except InvalidMatchersError as refused:
        places = [(item.line, item.column) for item in refused.problems if item.message]
    else:
        places = [(1, 1)]
        assert read("\n".join(map(str, matchers))) == matchers
    assert places
    assert min(min(place) for place in places) >= 1


WORST = 100_000
PATTERNS = ["(.*a){12}b", "(a?){200}a{200}", "(a|aa)+b", "([a-z]+)*$", ".*.*.*.*x", r"(\pL|\d|.)*?\z!"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_an_expression_is_linear_in_the_worst_text(pattern):
    matchers = read(f'a=~"{pattern}"', may_match_empty=True)
    fits(matchers, {"a": "b"})
    began = time.thread_time()
    fits(matchers, {"a": "a" * WORST})
    assert time.thread_time() - began < 0.2


@pytest.mark.parametrize(
    "unit", ['"', "\\", " ", "a", "a=", "a=b,", "{", '"a" ', "a=b;", "a=~a ", "\n", "a='", "ä"]
)
@pytest.mark.parametrize("length", [limits.MATCHERS_TEXT, WORST])
def test_the_parser_is_linear_in_the_worst_text(unit, length):
    text = (unit * length)[:length]
    began = time.thread_time()
    for candidate in (text, f"a={text}"[:length], f'a="{text}'[:length]):
        with contextlib.suppress(InvalidMatchersError):
            read(candidate)
    assert time.thread_time() - began < 0.2
