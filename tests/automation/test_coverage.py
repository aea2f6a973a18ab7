"""Which alert rules have a remedy: from a rule file, a PrometheusRule, and a real Prometheus."""

import re
from pathlib import Path

import pytest
import yaml

from automation.cli.coverage import MOST_BYTES, Rule, compare, read_rules
from automation.errors import ConfigurationError
from automation.policy.load import load_policy
from automation.policy.schemas import Policy
from tests.automation.conftest import ROOT
from tests.automation.situations import policy
from tests.monitoring import prometheus_in

ALERTS = Path(__file__).with_name("kube_prometheus_alerts.txt")
RULES = [
    {"alert": "Broken", "expr": "up == 0", "labels": {"severity": "critical"}},
    {"alert": "Quiet", "expr": "up == 0"},
    {"record": "instance:up", "expr": "up"},
]
GROUPS = {"groups": [{"name": "all", "rules": RULES}]}


def states(rules: list[Rule], of: Policy) -> dict[str, str]:
    return {row.alert: row.state for row in compare(of, rules)}


@pytest.fixture
def rules(tmp_path):
    def write(*documents):
        file = tmp_path / "rules.yml"
        file.write_text(yaml.safe_dump_all(documents))
        return read_rules(str(file), None)

    return write


@pytest.mark.parametrize(
    "documents",
    [
        (GROUPS,),
        ({"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "spec": GROUPS},),
        ({"status": "success", "data": {"groups": [{"rules": [{"name": "Broken"}, {"name": "Quiet"}]}]}},),
        (GROUPS, None, GROUPS),
    ],
)
def test_rules_are_read_however_they_are_written(rules, documents):
    assert states(rules(*documents), policy(mode="shadow")) == {"Broken": "shadow", "Quiet": "no remedy"}


def test_a_matcher_that_the_rule_itself_contradicts_never_matches(rules):
    never = policy(match={"severity": "warning"})
    assert states(rules(GROUPS), never)["Broken"] == "never matches"
    assert states(rules(GROUPS), policy(match={"team": "shop"}))["Broken"] == "auto"


def test_a_label_that_a_template_fills_may_match(rules):
    rule = {"alert": "Broken", "labels": {"severity": "{{ $labels.severity }}"}}
    group = {"groups": [{"rules": [rule]}]}
    assert states(rules(group), policy(match={"severity": "warning"}))["Broken"] == "auto"


def test_a_remedy_whose_alert_no_rule_has_is_named(rules):
    rule = {"groups": [{"rules": [{"alert": "Quiet"}]}]}
    assert states(rules(rule), policy()) == {"Quiet": "no remedy", "Broken": "no such rule"}


def test_what_stands_beside_the_rules_in_a_file_is_left_out(rules):
    beside = {"kind": "ConfigMap", "data": {"a": "b"}}
    assert states(rules(beside, GROUPS, [1]), policy()) == {"Broken": "auto", "Quiet": "no remedy"}


def test_a_small_file_that_stands_for_millions_of_rules_is_refused(tmp_path):
    file = tmp_path / "rules.yml"
    rule, group = ", ".join(["*r"] * 2000), ", ".join(["*g"] * 2000)
    file.write_text(f"a: &r {{alert: Broken}}\nb: &g {{rules: [{rule}]}}\ngroups: [{group}]\n")
    with pytest.raises(ConfigurationError, match="holds no alert rules"):
        read_rules(str(file), None)


@pytest.mark.parametrize(
    "text", ["", "[]", "groups: 1", "groups: [{rules: [3]}]", "{", "!!python/none x", "a: &a [*a]"]
)
def test_what_holds_no_rules_is_refused_in_a_sentence(tmp_path, text):
    file = tmp_path / "rules.yml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match="holds no alert rules"):
        read_rules(str(file), None)


def test_an_address_that_does_not_answer_is_named():
    with pytest.raises(ConfigurationError, match=r"http://127\.0\.0\.1:9: no answer"):
        read_rules("http://127.0.0.1:9", None)


def test_the_library_names_only_alerts_that_kube_prometheus_has():
    library = load_policy(ROOT / "charts/oims/files/policies/kube-prometheus.yml", ROOT / "playbooks")
    published = [Rule(alert=name) for name in ALERTS.read_text().split()]
    assert "no such rule" not in states(published, library).values()


def test_a_file_without_end_is_refused(tmp_path):
    file = tmp_path / "rules.yml"
    file.write_bytes(b"#" * (MOST_BYTES + 1))
    with pytest.raises(ConfigurationError, match="more than 8 MiB"):
        read_rules(str(file), None)


def test_a_real_prometheus_is_asked_for_its_rules(tmp_path, automation, playbooks):
    text = (playbooks / "policy.yml").read_text()
    (playbooks / "policy.yml").write_text(text.replace("alert: Broken", "alert: ShopErrors", 1))

    with prometheus_in(tmp_path) as url:
        done = automation("coverage", url)

    assert done.returncode == 0, done.stderr
    assert re.search(r"ShopErrors +auto +repair", done.stdout)
    assert "1 alerts. auto: 1" in done.stdout
