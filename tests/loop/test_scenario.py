"""The demo as a whole: it shows the loop close."""

import re

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

IN_ORDER = (
    "The app fails: a visitor gets 500",
    "Prometheus: IncidentAppErrors is firing",
    "Webhook: alert delivered",
    "Incident opened",
    "Automation decided to run",
    "Playbook restart_oims.yml started",
    "The app runs as a new process",
    "Playbook finished",
    "Prometheus: IncidentAppErrors has resolved",
    "is resolved",
    "Verdict: verified",
    "Mails in the sink",
    "Webhook: BackupTooOld delivered",
    "opened: The last backup",
    "On its timeline:",
    "No playbook ran",
    "How long it took",
    "Where to look",
)


@pytest.fixture(scope="module")
def finished(start_demo):
    """The scenario played once."""
    process, state = start_demo("--once")
    output, _ = process.communicate(timeout=400)
    return process.returncode, output, state


def test_the_scenario_shows_every_step_in_order(finished):
    status, output, _ = finished
    assert status == 0, output
    positions = [output.find(step) for step in IN_ORDER]
    assert positions == sorted(positions), output
    assert -1 not in positions, output


def test_the_first_incident_is_closed_within_90_seconds_of_the_fault(finished):
    _, output, _ = finished
    assert float(re.search(r"fault to verified +([\d.]+) s", output)[1]) < 90, output


def test_a_finished_demo_leaves_no_process_behind(finished):
    assert finished[2].processes() == []


def test_nothing_is_coloured_when_the_output_is_no_terminal(finished):
    assert "\x1b" not in finished[1]
