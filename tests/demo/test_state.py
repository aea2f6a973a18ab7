import os
import stat
import subprocess
import sys
import time

import pytest

from demo.errors import DemoError
from demo.state import SECRETS, State

WAIT_FOREVER = [sys.executable, "-c", "import signal; signal.pause()"]
IGNORE_TERM = [
    sys.executable,
    "-c",
    "from signal import *; signal(SIGTERM, SIG_IGN); print('ready', flush=True); pause()",
]


@pytest.fixture
def state(tmp_path):
    return State(tmp_path / "demo")


@pytest.fixture
def belonging(state):
    """Start processes that carry the mark of the state's folder."""
    started = []

    def start(command, mark=None):
        environment = os.environ | {"OIMS_SUPERVISOR_URL": mark or state.supervisor_url}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def _modes(folder):
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.name != "lock"}


def test_the_folder_is_private_and_every_secret_is_random(state):
    with state.lock():
        state.begin_afresh()
        first = {name: state.secret(name) for name in SECRETS}
        state.begin_afresh()
        second = {name: state.secret(name) for name in SECRETS}
    assert stat.S_IMODE(state.folder.stat().st_mode) == 0o700
    assert _modes(state.folder) == {0o700, 0o600}
    assert len({*first.values(), *second.values()}) == 2 * len(SECRETS)


def test_a_new_start_keeps_nothing_of_the_last_one(state):
    with state.lock():
        state.begin_afresh()
        (state.folder / "app.db").write_text("old")
        state.begin_afresh()
        assert not (state.folder / "app.db").exists()


def test_two_demos_cannot_share_a_folder(state):
    second = State(state.folder).lock()
    with state.lock(), pytest.raises(DemoError, match=rf"already runs in .* \(process {os.getpid()}\)"):
        second.__enter__()


def test_a_folder_of_somebody_else_is_refused_and_left_alone(state):
    state.folder.mkdir()
    (state.folder / "thesis.txt").write_text("years of work")
    with pytest.raises(DemoError, match="holds files that are not the demo's"):
        state.check()
    assert (state.folder / "thesis.txt").exists()


def test_a_path_too_long_for_a_socket_is_refused_with_a_way_out(tmp_path):
    with pytest.raises(DemoError, match="Choose a shorter folder: make demo OIMS_DEMO_STATE="):
        State(tmp_path / ("x" * 100)).check()


def test_only_processes_of_this_folder_are_ended(state, belonging):
    ours = belonging(WAIT_FOREVER)
    foreign = belonging(WAIT_FOREVER, mark=f"{state.supervisor_url}2")
    _wait_until(lambda: ours.pid in state.processes())
    assert state.end_processes() == 1
    assert ours.wait(10) != 0
    assert foreign.poll() is None


def test_a_process_that_ignores_term_is_ended_all_the_same(state, belonging, monkeypatch):
    monkeypatch.setattr("demo.state.STOP_SECONDS", 1)
    deaf = belonging(IGNORE_TERM)
    assert deaf.stdout.readline() == b"ready\n"
    state.end_processes()
    assert state.processes() == []
    assert deaf.wait(10) != 0


def _wait_until(is_true):
    deadline = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
