"""However a demo ends, it leaves nothing behind."""

import signal
import time

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_demo_leaves_no_process_behind_and_a_second_one_works_at_once(start_demo, sign):
    process, state = start_demo()
    _wait_for_line(process, "Webhook is ready")
    process.send_signal(sign)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + sign, output
    assert state.processes() == []

    again, _ = start_demo(repeat=process)
    _wait_for_line(again, "Webhook is ready")


def test_after_a_killed_demo_the_next_one_ends_what_was_left(start_demo):
    process, state = start_demo()
    _wait_for_line(process, "Webhook is ready")
    process.kill()
    process.wait()
    left = state.processes()
    assert left

    again, _ = start_demo(repeat=process)
    _wait_for_line(again, "that a killed demo had left behind")
    _wait_for_line(again, "Webhook is ready")
    assert not set(left) & set(state.processes())


def test_cleaning_ends_what_a_killed_demo_left_and_removes_the_folder(start_demo):
    process, state = start_demo()
    _wait_for_line(process, "Webhook is ready")
    process.kill()
    process.wait()
    cleaner, _ = start_demo("--clean", repeat=process)
    output, _ = cleaner.communicate(timeout=60)
    assert cleaner.returncode == 0, output
    assert state.processes() == []
    assert not state.folder.exists()


def _wait_for_line(process, text):
    deadline = time.monotonic() + 90
    for line in process.stdout:
        assert time.monotonic() < deadline, f"{text!r} did not come"
        if text in line:
            return
    pytest.fail(f"the demo ended before it said {text!r}")
