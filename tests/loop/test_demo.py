"""The demo as a whole: it shows the loop close, it fails when a part is broken, it leaves nothing behind."""

import re
import signal
import time

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

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
    output, _ = process.communicate(timeout=200)
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


@pytest.mark.parametrize(
    ("sabotage", "missing", "log"),
    [
        ("token", "alert delivered to the webhook", "alertmanager"),
        ("policy", "decision to run a playbook", "monitor"),
        ("playbook", "process restarted", "monitor"),
    ],
)
def test_a_broken_part_fails_the_demo_and_is_named(start_demo, sabotage, missing, log):
    process, state = start_demo("--once", "--sabotage", sabotage)
    output, _ = process.communicate(timeout=150)
    assert process.returncode == 1, output
    words = " ".join(output.split())
    assert f"Missing: {missing}." in words
    assert f"Read {state.log}/{log}.log" in words
    assert (state.log / f"{log}.log").stat().st_size > 0
    assert state.processes() == []


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_demo_leaves_no_process_behind_and_a_second_one_works_at_once(start_demo, sign):
    process, state = start_demo()
    _wait_for_line(process, "All parts are up")
    process.send_signal(sign)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + sign, output
    assert state.processes() == []

    again, _ = start_demo()
    _wait_for_line(again, "All parts are up")


def test_after_a_killed_demo_the_next_one_ends_what_was_left(start_demo):
    process, state = start_demo()
    _wait_for_line(process, "Webhook is ready")
    process.kill()
    process.wait()
    left = state.processes()
    assert left

    again, _ = start_demo("--clean", "--state", str(state.folder))
    output, _ = again.communicate(timeout=60)
    assert again.returncode == 0, output
    assert "that a killed demo had left behind" in output
    assert state.processes() == []
    assert not state.folder.exists()


def test_the_documented_alert_by_hand_goes_all_the_way(installation):
    answer = installation.post_once({"status": "firing", "labels": {"alertname": "TestAlert"}})
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 1

    installation.wait(lambda: installation.parts.events("TestAlert", "firing"))
    installation.wait(lambda: installation.parts.automation_said("run finished", state="succeeded"))
    incident = installation.wait(lambda: installation.parts.incident("TestAlert"))
    installation.wait(
        lambda: [item for item in installation.parts.timeline(incident["id"]) if item["kind"] == "run"]
    )


def _wait_for_line(process, text):
    deadline = time.monotonic() + 90
    for line in process.stdout:
        assert time.monotonic() < deadline, f"{text!r} did not come"
        if text in line:
            return
    pytest.fail(f"the demo ended before it said {text!r}")
