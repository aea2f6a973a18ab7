"""The process that has loaded Ansible: what it holds, when it refuses, how it ends."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from automation.run import process, warm, warm_parent
from automation.run.warm import NotWarmError
from tests.automation.warming import parents
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a warm parent needs Linux")


@pytest.fixture
def parent_program(tmp_path, monkeypatch):
    """Let parents be started from a copy of their program, changed as asked."""

    def change(old="", new=""):
        text = Path(warm_parent.__file__).read_text()
        assert old in text
        copy = tmp_path / "parent.py"
        copy.write_text(text.replace(old, new))
        monkeypatch.setattr(warm, "PROGRAM", copy)
        return copy

    return change


@pytest.mark.threat("T47")
def test_the_parent_reads_nothing_of_ansibles_configuration():
    look = (
        "import os, sys, json\n"
        "read = set()\n"
        "class Noted(type(os.environ)):\n"
        "    def __getitem__(self, name):\n        read.add(name)\n        return super().__getitem__(name)\n"
        "os.environ.__class__ = Noted\n"
        "from automation.run import warm_parent\n"
        "warm_parent.load()\n"
        "missing = [name for name in warm_parent.LOADED if name not in sys.modules]\n"
        "print(json.dumps([sorted(read), missing]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, timeout=60, check=True
    )
    read, missing = json.loads(done.stdout)
    assert not [name for name in read if name.startswith(("ANSIBLE", "OIMS"))]
    assert missing == []


@pytest.mark.threat("T47")
def test_the_parent_holds_no_secret(monkeypatch, warmed):
    monkeypatch.setenv("OIMS_APP_TOKEN", "hunter2")
    monkeypatch.setenv("OIMS_SUPERVISOR_URL", "http://user:hunter2@127.0.0.1:9001")
    warmed.begin()
    (parent,) = until(parents)
    assert b"hunter2" not in Path(f"/proc/{parent}/environ").read_bytes()


def test_a_warm_run_has_no_other_environment_than_its_own(started):
    assert started("#!{}\nimport os\nassert sorted(os.environ) == ['OIMS_RUN_ID', 'PATH'], os.environ\n") == 0


@pytest.mark.parametrize(
    ("text", "code"), [("raise SystemExit(4)", 4), ("import os; os.kill(os.getpid(), 15)", -15)]
)
def test_the_end_of_a_warm_run_is_told_as_it_was(started, text, code):
    assert started(f"#!{{}}\n{text}\n") == code


def test_what_was_loaded_and_is_changed_is_loaded_again(started, parent_program):
    program = parent_program()
    assert started() == 0
    before = parents()
    program.touch()
    with pytest.raises(NotWarmError, match="Ansible was changed since it was loaded"):
        started()
    assert started() == 0
    assert parents() != before


def test_a_parent_that_has_grown_is_replaced(started, parent_program):
    parent_program("MEMORY_LIMIT = 256 * 1024", "MEMORY_LIMIT = 1")
    with pytest.raises(NotWarmError, match="has grown to"):
        started()


def test_many_runs_leave_the_parent_as_it_was(started):
    def size():
        (parent,) = parents()
        return (
            int(Path(f"/proc/{parent}/statm").read_text().split()[1]),
            len(os.listdir(f"/proc/{parent}/fd")),  # noqa: PTH208
        )

    for _ in range(3):
        started()
    pages, files = size()
    for _ in range(20):
        assert started() == 0
    assert size()[1] == files
    assert size()[0] <= pages + 64


@pytest.mark.fault("F33")
def test_a_child_that_comes_too_late_runs_nothing(started, parent_program, monkeypatch, tmp_path):
    parent_program("    os.setsid()\n", "    os.setsid()\n    time.sleep(0.5)\n")
    assert started("#!{}\n") == 0
    monkeypatch.setattr(warm, "PATIENCE", 0.1)
    with pytest.raises(NotWarmError, match="does not answer"):
        started(f"#!{{}}\nopen({str(tmp_path / 'ran')!r}, 'w')\n")
    time.sleep(1)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("platform", "program", "why"),
    [
        ("darwin", Path(sys.executable).with_name("ansible-playbook"), "this needs Linux"),
        ("linux", "/usr/bin/env", "belongs to another Python"),
        ("linux", "/nowhere/ansible-playbook", "belongs to another Python"),
    ],
)
def test_where_it_is_not_possible_it_is_not_tried(monkeypatch, tmp_path, warmed, platform, program, why):
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(NotWarmError, match=why):
        warmed.start([str(program)], cwd=tmp_path, env={process.MARK: "run"}, output=tmp_path / "output")
    assert parents() == []


LIMITED = """\
            if len(self._selector.get_map()) > 1:
                raise BlockingIOError(11, "Resource temporarily unavailable")
            pid = os.fork()
"""


@pytest.mark.fault("F33")
def test_a_fork_that_fails_ends_no_run_in_flight(started, parent_program, warmed, tmp_path):
    parent_program("            pid = os.fork()\n", LIMITED)
    script, end = tmp_path / "long", tmp_path / "end"
    script.write_text(
        f"#!{sys.executable}\nimport os, time\nwhile not os.path.exists({str(end)!r}): time.sleep(0.05)\n"
    )
    env = {"PATH": os.environ["PATH"], process.MARK: "long"}
    child = warmed.start([str(script)], cwd=tmp_path, env=env, output=tmp_path / "long-output")
    with pytest.raises(NotWarmError, match="no process could be forked: Resource temporarily unavailable"):
        started()
    end.touch()

    assert child.wait(60) == 0


def test_a_folder_that_is_gone_costs_no_parent(warmed, tmp_path, started):
    assert started() == 0
    before = parents()
    with pytest.raises(FileNotFoundError):
        warmed.start(
            [str(tmp_path / "script")],
            cwd=tmp_path,
            env={process.MARK: "gone"},
            output=tmp_path / "gone" / "output",
        )

    assert started() == 0
    assert parents() == before


def test_nothing_starts_once_it_is_over(warmed, started):
    warmed.end()
    with pytest.raises(NotWarmError, match="stopping"):
        started()

    assert parents() == []
