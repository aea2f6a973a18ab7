"""However a demo ends, it leaves nothing behind."""

import signal
import time

import pytest

from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class RunningDemo:
    """A demo that is up, started anew in its folder and on its ports after each of its ends."""

    def __init__(self, start):
        self._start, self.said = start, []
        self._first, self.state = start()
        self.process = self._first
        self._wait_until_up()

    def start_again(self, *options):
        self.process, _ = self._start(*options, repeat=self._first)

    def start_again_and_wait(self):
        self.start_again()
        self._wait_until_up()

    def stop(self, sign):
        self.process.send_signal(sign)
        output, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 128 + sign, output
        assert self.state.processes() == []

    def kill(self):
        self.process.kill()
        self.process.wait()
        return self.state.processes()

    def _wait_until_up(self):
        self.said = []
        deadline = time.monotonic() + 90
        for line in self.process.stdout:
            assert time.monotonic() < deadline, self.said
            self.said.append(line)
            if "Webhook is ready" in line:
                return
        pytest.fail(f"the demo ended before the webhook was ready: {self.said}")


@pytest.fixture(scope="module")
def demo(start_demo):
    return RunningDemo(start_demo)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_demo_leaves_no_process_behind_and_a_second_one_works_at_once(demo, sign):
    demo.stop(sign)
    demo.start_again_and_wait()


def test_after_a_killed_demo_the_next_one_ends_what_was_left(demo):
    left = demo.kill()
    assert left

    demo.start_again_and_wait()
    assert "that a killed demo had left behind" in "".join(demo.said)
    assert not set(left) & set(demo.state.processes())


def test_cleaning_ends_what_a_killed_demo_left_and_removes_the_folder(demo):
    assert demo.kill()
    demo.start_again("--clean")
    output, _ = demo.process.communicate(timeout=60)
    assert demo.process.returncode == 0, output
    assert demo.state.processes() == []
    assert not demo.state.folder.exists()


def test_a_demo_that_is_told_to_end_while_it_starts_leaves_no_process_behind(demo):
    demo.start_again()
    until(demo.state.processes)
    demo.stop(signal.SIGTERM)
