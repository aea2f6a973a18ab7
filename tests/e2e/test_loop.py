"""The whole path of an alert on the cluster, with automation on this host: the scenario of `make demo`."""

import sys

import pytest

from demo.scenario import Refusal, Repair
from demo.steps import wait_for
from demo.terminal import Terminal
from tests.e2e import values
from tests.e2e.cluster import eventually
from tests.e2e.parts import AppPods, ReleaseParts
from tests.e2e.patience import patient_text
from tests.e2e.release import STEPS
from tests.e2e.visitors import Visitors

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
PATIENCE = 4.0  # a cluster is slower than one machine's processes, and several tests share it


@pytest.fixture(scope="module")
def loop(release, monitor):
    """The release with the monitor at work."""
    release.deploy(values.base())
    monitor.set_up().start(values.policy(release.namespace.name))
    return release


def play(steps, terminal, log_folder, capfd):
    for step in steps:
        with capfd.disabled():
            wait_for(step, terminal, patience=PATIENCE, log_folder=log_folder)


def test_the_charts_own_tests_pass(loop):
    assert loop.test("--timeout", patient_text(180)) == [*STEPS]


@pytest.mark.compatible("C13")
def test_a_failing_app_is_restarted_and_its_incident_closed(loop, monitor, capfd):
    parts, pods = ReleaseParts(loop, monitor), AppPods(loop)
    eventually(parts.heartbeat, "the automation's first heartbeat")
    terminal, folder = Terminal(sys.__stderr__), str(monitor.log.parent)
    pods_before, sets_before = set(loop.pods("app")), loop.replica_sets("app")

    repair = Repair(parts, pods)
    with Visitors(loop):
        terminal.start_clock()
        loop.switch_fault("errors", on=True)
        play(repair.steps(), terminal, folder, capfd)

    assert not set(loop.pods("app")) & pods_before
    assert not loop.replica_sets("app") & sets_before
    incident = loop.api(f"/api/v1/incidents/{repair.incident['id']}")
    assert (incident["state"], incident["verdict"]) == ("resolved", "verified")
    recipients = {mail.recipients for mail in parts.mails()}
    assert recipients == {values.ON_CALL}


def test_an_alert_that_the_policy_does_not_name_is_left_to_people(loop, monitor, capfd):
    refusal = Refusal(ReleaseParts(loop, monitor), AppPods(loop))
    refusal.send()
    play(refusal.steps(), Terminal(sys.__stderr__), str(monitor.log.parent), capfd)


def test_with_sqlite_scaling_is_refused_with_the_reason(loop, monitor):
    pods = set(loop.pods("app"))
    with Visitors(loop, count=10):
        loop.switch_fault("saturated", on=True)
        (run,) = eventually(lambda: monitor.finished("scale_oims.yml"), "the end of the scaling", seconds=150)
        assert run["state"] == "failed"
        loop.switch_fault("saturated", on=False)

    def reason():
        incident = loop.incident("IncidentAppSaturated")
        runs = [entry for entry in loop.timeline(incident["id"]) if entry["kind"] == "run"]
        return "it must run once" in str(runs)

    eventually(reason, "the reason on the incident's timeline", seconds=90)
    assert loop.get("deployment", "app")["spec"]["replicas"] == 1
    assert set(loop.pods("app")) == pods


def test_the_monitor_stops_in_good_order(loop, monitor):
    assert monitor.stop() == 0
