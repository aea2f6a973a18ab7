"""The demo's rules are the shipped ones, modulo durations."""

import re
from pathlib import Path

import pytest
import yaml

from demo import durations

ROOT = Path(__file__).resolve().parents[2]
RULES = sorted((ROOT / "charts/oims/files/rules").glob("*.yml"))
ANY_DURATION = re.compile(r"\b\d+[smhd]\b")


def _rules(text):
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def _masked(rule):
    """Return a rule with each duration replaced in the three places that may differ."""
    masked = {**rule, "expr": ANY_DURATION.sub("D", rule["expr"]), "annotations": dict(rule["annotations"])}
    masked["annotations"]["oims_window"] = "D"
    if "for" in rule:
        masked["for"] = "D"
    return masked


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_the_demo_has_the_same_alerts_with_the_same_expressions_but_for_durations(path):
    shipped = _rules(path.read_text())
    short = _rules(durations.shorten(path.read_text()))
    assert [_masked(rule) for rule in short] == [_masked(rule) for rule in shipped]


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_every_duration_is_a_tenth(path):
    def seconds(rule):
        text = " ".join([rule.get("for", "0s"), rule["annotations"]["oims_window"], rule["expr"]])
        found = ANY_DURATION.findall(text)
        return [int(item[:-1]) * durations.UNITS[item[-1]] for item in found]

    for shipped, short in zip(
        _rules(path.read_text()), _rules(durations.shorten(path.read_text())), strict=True
    ):
        assert [10 * value for value in seconds(short)] == seconds(shipped)


@pytest.mark.parametrize(
    ("expression", "short"),
    [
        ("rate(x[2m])", "rate(x[12s])"),
        ("max_over_time(rate(x[1m])[1h:1m])", "max_over_time(rate(x[6s])[360s:6s])"),
        ("max_over_time(x[1h:])", "max_over_time(x[360s:])"),
        ("x - x offset 1h", "x - x offset 360s"),
        ("rate(x[1h30m])", "rate(x[540s])"),
        ('x{path="/5m",text="in 2m"} > 60', 'x{path="/5m",text="in 2m"} > 60'),
    ],
)
def test_only_ranges_and_offsets_of_an_expression_change(expression, short):
    file = yaml.safe_dump({"groups": [{"name": "g", "rules": [{"alert": "A", "expr": expression}]}]})
    assert _rules(durations.shorten(file))[0]["expr"] == short


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"expr": "x", "for": "5s"}, "A: 5s cannot be divided by 10 into whole seconds"),
        ({"expr": "x", "for": "soon"}, "A: 'soon' is not a duration of days, hours, minutes and seconds"),
        ({"expr": "rate(x[15s])"}, "A: 15s cannot be divided by 10 into whole seconds"),
    ],
)
def test_a_duration_that_cannot_be_shortened_is_refused_by_name(rule, message):
    file = yaml.safe_dump({"groups": [{"name": "g", "rules": [{"alert": "A", **rule}]}]})
    with pytest.raises(ValueError, match=re.escape(message)):
        durations.shorten(file)


def test_the_interval_of_a_group_is_shortened_too():
    file = yaml.safe_dump({"groups": [{"name": "g", "interval": "30s", "rules": []}]})
    assert yaml.safe_load(durations.shorten(file))["groups"][0]["interval"] == "3s"
