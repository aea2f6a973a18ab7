"""The shipped rules, ten times as fast, on what the real parts export: see also faults/test_who_tells.py."""

import json
import subprocess

import pytest
import requests

from demo.durations import shorten
from tests.automation.conftest import ROOT
from tests.automation.installation import Installation, Person, policy
from tests.automation.test_signals import tool
from tests.processes import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

RULES = ROOT / "charts/oims/files/rules"
PAUSED_FOR = ("for: 180s", "for: 5s")
"""A pause of half an hour. Seconds in an expression stay: a reader of the journal waits up to 20 for news."""


@pytest.fixture(scope="module")
def oims(tmp_path_factory):
    folder = tmp_path_factory.mktemp("blind")
    one = Installation(
        folder,
        policy(
            {"alert": "Failing", "playbook": "fail.yml", "max_attempts": 2},
            {"alert": "Ineffective", "verify": {"within": "1s", "hold": "1s"}},
        ),
    )
    one.begin()
    yield one
    one.close()


@pytest.fixture(scope="module")
def firing(oims):
    """Names of the alerts that fire in a Prometheus that watches the installation."""
    folder, port = oims.folder, free_port()
    for path in RULES.glob("*.yml"):
        text = shorten(path.read_text()).replace(*PAUSED_FOR)
        (folder / f"rules-{path.name}").write_text(text)
    jobs = {"oims-app": oims.app_metrics, "oims-webhook": oims.webhook_metrics}
    (folder / "prometheus.yml").write_text(
        json.dumps(
            {
                "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
                "rule_files": ["rules-*.yml"],
                "scrape_configs": [
                    {"job_name": job, "static_configs": [{"targets": [url.removeprefix("http://")]}]}
                    for job, url in jobs.items()
                ],
            }
        )
    )
    command = [
        tool("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "prometheus.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)

    def get(path, **query):
        address = f"http://127.0.0.1:{port}/api/v1/{path}"
        try:
            return requests.get(address, params=query, timeout=5).json()["data"]
        except requests.RequestException:  # not there yet, or not ready
            return {"alerts": [], "result": []}

    def ask():
        return {
            alert["labels"]["alertname"] for alert in get("alerts")["alerts"] if alert["state"] == "firing"
        }

    try:
        # A rule sees an increase only of a counter that it has seen before: at its longest step, here 30 s.
        oims.eventually(lambda: get("query", query="oims_remediation_verdicts_total[5m:30s]")["result"])
        oims.eventually(lambda: "Watchdog" in ask())
        yield ask
    finally:
        process.kill()
        process.wait(10)


@pytest.mark.fault("F25")
def test_a_remedy_that_fails_and_one_that_does_not_help_are_told_at_the_second_time(oims, firing):
    assert firing() == {"Watchdog"}
    oims.deliver("Failing")
    oims.deliver("Ineffective")
    oims.eventually(lambda: firing() >= {"RemediationFailing", "RemediationIneffective"}, nudge=True)
    assert [state for state, _ in oims.runs("Failing")] == ["failed"] * 2
    assert oims.runs("Ineffective") == [("succeeded", "still_firing")] * 2


def test_a_pause_that_is_forgotten_is_told(oims, firing):
    person = Person(oims.app)
    person.submit("/automation", "/automation/pause", reason="Holidays.")
    oims.eventually(lambda: "AutomationPaused" in firing())
    person.submit("/automation", "/automation/resume")
    oims.eventually(lambda: "AutomationPaused" not in firing())
