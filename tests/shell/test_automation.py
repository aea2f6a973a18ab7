"""How the monitor keeps automation, and how both stop."""

import json
import os
import pty
import signal
import subprocess

import pytest

from tests.shell.monitor import ROOT, SCRIPT, eventually


def test_automation_gets_the_options_and_where_the_secrets_are(monitor):
    monitor.follow_file().start("--dry-run")
    eventually(lambda: monitor.text("automation.environment"), "automation")
    assert monitor.text("automation.started").split() == ["-P", "-m", "automation", "follow", "--dry-run"]
    environment = dict(
        line.split("=", 1) for line in monitor.text("automation.environment").splitlines() if "=" in line
    )
    assert environment["OIMS_JOURNAL_TOKEN_FILE"] == str(monitor.host / "reader-token")
    assert environment["OIMS_EVENT_KEY_FILE"] == str(monitor.host / "event-key")
    assert environment["OIMS_APP_TOKEN_FILE"] == str(monitor.host / "api-token")
    assert environment["OIMS_PLAYBOOKS"] == str(ROOT / "playbooks")
    assert environment["PYTHONPATH"] == str(ROOT)


@pytest.mark.parametrize(
    ("given", "lease"),
    [
        ({}, ("oims-automation", "incident-mgmt")),
        ({"OIMS_RELEASE": "blue", "OIMS_NAMESPACE": "trial"}, ("blue-automation", "trial")),
        ({"OIMS_LEASE": "mine", "OIMS_LEASE_NAMESPACE": "locks"}, ("mine", "locks")),
        ({"OIMS_LEASE": ""}, ("", "incident-mgmt")),
    ],
)
def test_on_kubernetes_the_releases_lease_elects_who_acts(monitor, given, lease):
    monitor.environment |= given
    monitor.pod("webhook-a")
    monitor.start()
    eventually(lambda: monitor.text("automation.environment"), "automation")
    environment = dict(
        line.split("=", 1) for line in monitor.text("automation.environment").splitlines() if "=" in line
    )
    assert (environment["OIMS_LEASE"], environment["OIMS_LEASE_NAMESPACE"]) == lease
    assert monitor.stop() == 0


def test_without_kubernetes_there_is_no_election(monitor):
    monitor.follow_file().start()
    eventually(lambda: monitor.text("automation.environment"), "automation")
    assert "OIMS_LEASE" not in monitor.text("automation.environment")


def test_a_secret_given_by_value_needs_no_file(monitor):
    (monitor.host / "api-token").unlink()
    monitor.environment["OIMS_APP_TOKEN"] = "given"
    monitor.follow_file().start()
    eventually(lambda: monitor.text("automation.environment"), "automation")
    assert "OIMS_APP_TOKEN_FILE" not in monitor.text("automation.environment")


def test_automation_that_dies_is_started_again_and_misses_no_line(monitor):
    monitor.follow_file().start()
    eventually(lambda: monitor.processes("automation follow"), "automation")
    os.kill(monitor.processes("automation follow")[0], signal.SIGKILL)
    monitor.sees("automation ended with status 137; starting it again")
    line = json.dumps({"kind": "alert", "seq": 1})
    monitor.log.write_text(line + "\n")
    monitor.sees("automation started", times=2)
    monitor.receives(line)


def test_automation_that_refuses_its_settings_ends_the_monitor(monitor):
    monitor.write("automation.exit", "2")
    done = monitor.follow_file().run()
    assert done.returncode == 5
    assert "automation refuses its settings or its policy" in done.stderr
    assert not monitor.processes()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_ends_the_followers_and_waits_for_automation(monitor, number):
    monitor.write("automation.grace", "2")
    monitor.pod("webhook-a")
    monitor.start()
    eventually(lambda: monitor.calls("logs", "webhook-a"), "a follower")
    monitor.process.send_signal(number)
    eventually(lambda: "TERM" in monitor.text("automation.signals"), "TERM at automation")
    eventually(lambda: not monitor.processes("log.webhook-a"), "the follower's end")
    assert "ended" not in monitor.text("automation.signals")
    assert monitor.process.wait(timeout=30) == 0
    assert "ended" in monitor.text("automation.signals")
    assert not monitor.processes()
    assert [path.name for path in monitor.state.iterdir()] == ["monitor.lock"]


def test_a_follower_that_is_gone_stops_everything_in_good_order_and_fails(monitor):
    monitor.follow_file().start()
    tail = eventually(lambda: monitor.processes("tail"), "the follower")[0]
    os.killpg(os.getpgid(tail), signal.SIGKILL)
    assert monitor.process.wait(timeout=30) == 1
    assert "a follower ended unexpectedly" in monitor.text("said")
    assert "ended" in monitor.text("automation.signals")
    assert not monitor.processes()


def test_once_follows_nothing_and_ends_with_automation(monitor):
    monitor.write("automation.exit", "4")
    done = monitor.follow_file().run("--once")
    assert done.returncode == 1
    assert monitor.text("automation.started").split()[-1] == "--once"
    assert "following" not in done.stderr
    monitor.write("automation.exit", "0")
    assert monitor.run("--once").returncode == 0


def coloured(monitor, **extra):
    """What the monitor says on a terminal."""
    leader, follower = pty.openpty()
    subprocess.run(
        [SCRIPT, "--wrong"], env=monitor.environment | extra, stderr=follower, check=False, timeout=30
    )
    os.close(follower)
    said = os.read(leader, 10_000).decode()
    os.close(leader)
    return "\x1b[" in said


def test_colour_is_for_terminals_and_can_be_switched_off(monitor):
    assert coloured(monitor)
    assert not coloured(monitor, NO_COLOR="1")
    assert "\x1b" not in monitor.run("--wrong").stderr


def test_each_line_begins_with_its_time_in_utc(monitor):
    monitor.environment["TZ"] = "Asia/Tokyo"
    done = monitor.run("--wrong")
    stamp = subprocess.run(
        ["date", "-u", "+%Y-%m-%dT%H"], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert done.stderr.startswith(stamp)
    assert done.stderr[23:25] == "Z "
