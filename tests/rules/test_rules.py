"""The alerts that OIMS ships: valid, tested, explained."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
RULES = sorted((ROOT / "charts/oims/files/rules").glob("*.yml"))
CASES = sorted((ROOT / "charts/oims/files/rules-tests").glob("*.yml"))
SEVERITIES = {"critical", "high", "medium", "low", "none"}
PROMISED = {
    "AutomationPaused",
    "AutomationSilent",
    "ConfigurationRefused",
    "DeliveriesRefused",
    "DeliveriesUnauthorized",
    "IncidentAppDown",
    "IncidentAppErrors",
    "IncidentAppSaturated",
    "IncidentAppSlow",
    "IncidentMailsStopped",
    "JournalLag",
    "MailStuck",
    "MessagesStuck",
    "MonitorTokenEnds",
    "PagesUnanswered",
    "IncidentAppErrorsForStrangers",
    "RemediationFailing",
    "RemediationIneffective",
    "VolumeFilling",
    "Watchdog",
    "WebhookDown",
}


def _rules():
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from group["rules"]


def _expectations():
    """Every (alert name, expected alerts) of the promtool cases."""
    for path in CASES:
        for test in yaml.safe_load(path.read_text())["tests"]:
            for case in test["alert_rule_test"]:
                yield case["alertname"], case["exp_alerts"]


ALERTS = {rule["alert"]: rule for rule in _rules()}
each_alert = pytest.mark.parametrize("alert", sorted(ALERTS))


def _run(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.compatible("C3")
def test_promtool_accepts_every_rule_file_without_a_lint_finding(promtool):
    _run(promtool, "check", "rules", "--lint=all", "--lint-fatal", *map(str, RULES))


def test_every_alert_behaves_as_its_cases_say(promtool):
    _run(promtool, "test", "rules", *map(str, CASES))


@pytest.mark.threat("T29")
def test_the_promised_alerts_are_there():
    assert set(ALERTS) == PROMISED


@each_alert
def test_an_alert_has_a_case_in_which_it_fires(alert):
    assert any(name == alert and expected for name, expected in _expectations())


@pytest.mark.parametrize("alert", sorted(set(ALERTS) - {"Watchdog"}))  # that one is never quiet
def test_an_alert_has_cases_in_which_it_is_quiet(alert):
    quiet = [name for name, expected in _expectations() if name == alert and not expected]
    assert len(quiet) >= 2, "one below `for`, one after it resolved"


@pytest.mark.parametrize("alert", sorted(set(ALERTS) - {"Watchdog"}))  # that one looks at no series
def test_an_alert_has_a_case_with_two_replicas_of_each_part(alert):
    tests = yaml.safe_load((CASES[0].parent / "replicas.yml").read_text())["tests"]
    (case, *_) = [
        test for test in tests if any(item["alertname"] == alert for item in test["alert_rule_test"])
    ]
    instances = {re.search(r'instance="(\w+)"', series["series"])[1] for series in case["input_series"]}
    assert instances == {"a", "b"}


@each_alert
def test_an_alert_says_what_it_means_to_people_and_to_the_policy(alert):
    rule = ALERTS[alert]
    assert set(rule["labels"]) == {"severity"}
    assert rule["labels"]["severity"] in SEVERITIES
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url", "oims_window"}


@each_alert
def test_the_announced_window_is_the_longest_look_back_of_the_expression(alert):
    rule = ALERTS[alert]
    seconds = {"0s": 0} | {text: _seconds(text) for text in re.findall(r"\[(\w+)(?::\w+)?]", rule["expr"])}
    assert rule["annotations"]["oims_window"] == max(seconds, key=seconds.__getitem__)


@each_alert
def test_an_alert_has_a_runbook_with_commands_or_queries(alert):
    page, _, anchor = ALERTS[alert]["annotations"]["runbook_url"].partition("#")
    sections = re.split(r"^## ", (ROOT / page).read_text(), flags=re.MULTILINE)[1:]
    section = {text.partition("\n")[0].lower(): text for text in sections}[anchor]
    assert anchor == alert.lower()
    assert re.search(r"^```(sh|promql)$", section, re.MULTILINE)


def test_no_rule_depends_on_helm():
    for path in RULES:
        assert ".Values" not in path.read_text()
        assert not re.search(r"{{-? *(include|tpl|if|range|with) ", path.read_text())


def _seconds(duration):
    return int(duration[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[duration[-1]]
