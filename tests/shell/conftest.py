"""Each test has a monitor of its own and leaves no process behind."""

import os
import signal

import pytest

from tests.shell.monitor import Monitor


@pytest.fixture
def monitor(tmp_path):
    monitor = Monitor(tmp_path)
    yield monitor
    if monitor.process:
        monitor.process.kill()
        monitor.process.wait()
    for process in monitor.processes():
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            continue
