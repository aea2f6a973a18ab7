"""Which alerts a maintenance window is about."""

import pytest

from app.errors import InvalidInput
from app.maintenance import matching


@pytest.mark.parametrize(
    ("line", "labels", "expected"),
    [
        ("service=shop", {"service": "shop"}, True),
        ('service = "shop"', {"service": "shop"}, True),
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
        ("service=", {}, True),
    ],
)
def test_a_condition_reads_as_in_alertmanager(line, labels, expected):
    assert matching.fits(matching.read(line), labels) is expected


def test_all_conditions_must_hold():
    matchers = matching.read("service=shop\n\nseverity!=critical\n")
    assert matching.fits(matchers, {"service": "shop", "severity": "low"})
    assert not matching.fits(matchers, {"service": "shop", "severity": "critical"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n ",
        "service",
        "=shop",
        "se rvice=shop",
        "service=~(a+)+$",
        "service=~[a-z]*",
        "service=~" + ".*" * 5,
        "service=~a{1,9999}",
        "service=" + "x" * 201,
        "\n".join(["a=b"] * 21),
        "{{ x }}=1",
    ],
)
def test_what_is_no_condition_or_could_run_for_ever_is_refused(text):
    with pytest.raises(InvalidInput) as refused:
        matching.read(text)
    assert refused.value.errors[0]["field"] == "matchers"


def test_a_hostile_label_value_is_matched_at_once():
    matchers = matching.read("service=~.*a.*a.*a.*b")
    assert not matching.fits(matchers, {"service": "a" * 1_000_000})
