"""What the monitor refuses before it starts, in words and by exit status."""

import re
import signal

import pytest

from tests.shell.monitor import WRITTEN, eventually


def test_help_is_the_header_and_names_every_setting_and_exit_status(monitor):
    done = monitor.run("--help")
    assert done.returncode == 0
    for name in set(re.findall(r"\bOIMS_[A-Z_]+\b", WRITTEN)) - {"OIMS_PLAYBOOKS"}:
        assert name in done.stdout, name
    for status in re.findall(r"EXIT_[A-Z]+=(\d)", WRITTEN):
        assert re.search(rf"^  {status}  ", done.stdout, re.MULTILINE), status


def test_an_unknown_option_is_named(monitor):
    done = monitor.run("--onse")
    assert done.returncode == 2
    assert "unknown option --onse" in done.stderr


@pytest.mark.parametrize("tool", ["kubectl", "flock", "timeout", "tail", "python"])
def test_a_missing_tool_is_named(monitor, tool):
    (monitor.bin / tool).unlink()
    done = monitor.run()
    assert done.returncode == 3
    assert f"error: {tool} is not installed or not on PATH" in done.stderr


def test_following_a_file_needs_no_kubectl(monitor):
    (monitor.bin / "kubectl").unlink()
    monitor.follow_file().start()
    assert monitor.stop() == 0


@pytest.mark.parametrize("name", ["kubeconfig", "reader-token", "event-key", "api-token"])
@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_secret_that_others_can_read_is_refused(monitor, name, mode):
    (monitor.host / name).chmod(mode)
    done = monitor.run()
    assert done.returncode == 2
    assert f"{monitor.host / name} is open to other users (mode {mode:o})" in done.stderr


def test_a_missing_secret_is_named_with_what_to_do(monitor):
    (monitor.host / "event-key").unlink()
    done = monitor.run()
    assert done.returncode == 2
    assert f"{monitor.host / 'event-key'} is missing" in done.stderr
    assert "make host-setup" in done.stderr


@pytest.mark.threat("T26")
def test_a_state_folder_open_to_others_is_refused(monitor):
    monitor.state.mkdir()
    monitor.state.chmod(0o755)
    done = monitor.run()
    assert done.returncode == 2
    assert "is open to other users" in done.stderr


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("OIMS_HEARTBEAT_INTERVAL", "soon"),
        ("OIMS_HEARTBEAT_INTERVAL", "0"),
        ("OIMS_HEARTBEAT_INTERVAL", "a[$(id)]"),
        ("OIMS_STOP_GRACE", "-1"),
    ],
)
def test_a_wrong_number_is_refused_by_name(monitor, setting, value):
    monitor.environment[setting] = value
    done = monitor.run()
    assert done.returncode == 2
    assert f"{setting} must be a whole number of seconds" in done.stderr


@pytest.mark.parametrize("setting", ["OIMS_JOURNAL_URL", "OIMS_APP_URL"])
def test_following_a_file_needs_the_addresses(monitor, setting):
    monitor.follow_file()
    del monitor.environment[setting]
    done = monitor.run()
    assert done.returncode == 2
    assert f"{setting} must be set" in done.stderr


@pytest.mark.fault("F6")
def test_a_second_monitor_is_refused_and_told_who_is_first(monitor):
    monitor.follow_file().start()
    done = monitor.run()
    assert done.returncode == 4
    assert f"another monitor (process {monitor.process.pid}) holds" in done.stderr
    assert monitor.stop() == 0


def test_a_killed_monitor_leaves_a_free_lock_and_in_the_end_no_process(monitor):
    monitor.follow_file().start()
    assert monitor.stop(signal.SIGKILL) == -signal.SIGKILL
    monitor.start()
    assert monitor.stop() == 0
    eventually(lambda: not monitor.processes(), "the end of every child")
    assert "end of lines" in monitor.text("automation.signals")
