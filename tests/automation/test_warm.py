"""Runs that are forked from a process that has loaded Ansible: the same as fresh ones, and never two."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from automation.run import process, warm, warm_parent
from automation.run.warm import NotWarmError, Warm
from tests.automation.conftest import SLOW
from tests.automation.test_run import Bench, digest_of, policy
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a warm parent needs Linux")

LOOK = """\
import json, multiprocessing, os, resource, signal, sys, tempfile, threading
from pathlib import Path
import ansible.errors
from ansible import constants as C
from ansible.plugins.callback import CallbackBase

class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, "notification", "look"

    def v2_playbook_on_play_start(self, play):
        mask = os.umask(0)
        os.umask(mask)
        descriptors = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
        limits = [name for name in dir(resource) if name.startswith("RLIMIT_")]
        seen = {
            "environment": dict(os.environ),
            "arguments": sys.argv,
            "interpreter": sys.executable,
            "path": sys.path,
            "folder": os.getcwd(),
            "files": sorted(os.listdir()),
            "umask": mask,
            "signals": {s.name: str(signal.getsignal(s)).split(" at ")[0] for s in signal.Signals},
            "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
            "limits": {name: resource.getrlimit(getattr(resource, name)) for name in limits},
            "priority": os.getpriority(os.PRIO_PROCESS, 0),
            "leads its session": os.getsid(0) == os.getpgid(0) == os.getpid(),
            "open files": sorted(os.readlink(fd) for fd in descriptors if os.path.lexists(fd)),
            "streams": [(s.name, s.encoding, s.errors, s.line_buffering, s.write_through) for s in
                        (sys.stdin, sys.stdout, sys.stderr)],
            "temporary folder": tempfile.gettempdir(),
            "threads": threading.active_count(),
            "process": multiprocessing.current_process().name,
            "configuration": {name: str(sorted(map(str, value)) if isinstance(value, frozenset) else value)
                              for name, value in vars(C).items() if name.isupper()},
            "globals": [hasattr(ansible.errors, "leak"), hasattr(json, "leak"), "leak" in sys.modules],
            "main": sys.modules["__main__"].__dict__.get("__file__"),
        }
        with (Path(os.environ["HOME"]) / "seen").open("a") as file:
            file.write(json.dumps(seen) + "\\n")
        with (Path(os.environ["HOME"]) / "authkeys").open("a") as file:
            file.write(multiprocessing.current_process().authkey.hex() + "\\n")
        os.environ["LEAK"] = os.environ["ANSIBLE_LEAK"] = "1"
        os.umask(0)
        Path("leak").touch()
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        self.kept = open(os.devnull)
        ansible.errors.leak = json.leak = True
        sys.modules["leak"] = json
        sys.path.insert(0, "/leak")
        C.set_constant("DEFAULT_FORKS", 77)
        tempfile.tempdir = "/leak"
"""
FACTS = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.assert: {that: leaked is not defined}
    - ansible.builtin.set_fact: {leaked: true, cacheable: true}
"""
PRINT = "#!{}\nprint('printed')\n"


@pytest.fixture
def warmed(monkeypatch):
    """A warm parent that is ended at the end; a lost one is replaced at once."""
    monkeypatch.setattr(warm, "RETRY", 0.0)
    one = Warm()
    yield one
    one.end()


@pytest.fixture
def bench(env, monkeypatch, playbooks, warmed):
    """Make a bench whose runs start warm, or with `warm=None` fresh."""
    made = []

    def make(text=None, warm=warmed):
        folder = Path(env["OIMS_STATE_DIR"]).with_name(f"state-{len(made)}")
        made.append(
            Bench({**env, "OIMS_STATE_DIR": str(folder)}, monkeypatch, playbooks, text or policy(), warm)
        )
        return made[-1]

    yield make
    for one in made:
        one.ledger.close()


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


@pytest.fixture
def started(tmp_path, warmed):
    """Start a small script of our own Python by the warm parent and wait for its end."""
    script, numbers = tmp_path / "script", iter(range(1000))

    def start(text=PRINT):
        script.write_text(text.format(sys.executable))
        mark = f"run-{next(numbers)}"
        env = {"PATH": os.environ["PATH"], process.MARK: mark}
        child = warmed.start([str(script)], cwd=tmp_path, env=env, output=tmp_path / "output")
        return child.wait(60)

    return start


def hows(logs):
    return [(line["start"], line["why"]) for line in logs if line["event"] == "playbook_started"]


def parents(owner=None):
    """Return the warm parents that a process has."""
    found = process.find("-" * warm_parent.MARK_ROOM)
    stats = {pid: Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in found}
    return [pid for pid, stat in stats.items() if int(stat[1]) == (owner or os.getpid())]


@pytest.mark.threat("T47")
def test_a_warm_run_is_as_a_fresh_one_and_nothing_is_left_to_the_next(bench, env, playbooks, tmp_path):
    (playbooks / "callback_plugins").mkdir(mode=0o755)
    (playbooks / "callback_plugins" / "look.py").write_text(LOOK)
    (playbooks / "facts.yml").write_text(FACTS)
    (playbooks / "ansible.cfg").write_text("[defaults]\nroles_path = mine\nforks = 3\n")
    env["TMPDIR"] = str(tmp_path)
    with capture_logs() as logs:
        runs = [bench(policy("facts.yml"), *given).run() for given in ([None], [], [])]
    assert [run.state for run in runs] == ["succeeded"] * 3, runs[1].document["output_tail"]
    assert [how for how, _ in hows(logs)] == ["fresh", "warm", "warm"]
    texts = (tmp_path / "seen").read_text().splitlines()
    for number, run in enumerate(runs):
        texts[number] = texts[number].replace(run.id, "RUN").replace(f"state-{number}", "state")
    fresh, *others = [neutral(json.loads(text)) for text in texts]
    for other in others:
        assert {key: (other[key], value) for key, value in fresh.items() if other[key] != value} == {}
    assert fresh["DEFAULT_FORKS"] == "3"
    assert len(set((tmp_path / "authkeys").read_text().split())) == 3


def neutral(seen):
    """Leave out what two fresh runs differ in: numbers of processes, pipes and temporary folders."""
    seen["open files"] = sorted(re.sub(r"#[0-9]+|\[[0-9]+\]", "", name) for name in seen["open files"])
    settings = seen.pop("configuration")
    settings["DEFAULT_LOCAL_TMP"] = settings["DEFAULT_LOCAL_TMP"].split("/local/")[0]
    return seen | settings


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


def test_a_changed_folder_is_not_run_warm_either(bench, playbooks):
    one = bench(policy(digest=digest_of(playbooks)))
    (playbooks / "repair.yml").write_text(SLOW)
    assert one.run().state == "failed"
    assert not (playbooks.parent / "begun").exists()


def test_a_time_out_ends_every_process_of_a_warm_run_and_not_the_parent(bench, started):
    with capture_logs() as logs:
        run = bench(policy("slow.yml", timeout="4s")).run()
    assert (run.state, hows(logs)) == ("timed_out", [("warm", None)])
    assert process.find(run.id) == []
    before = parents()
    assert started() == 0
    assert parents() == before


def test_a_warm_run_has_no_other_environment_than_its_own(started):
    assert started("#!{}\nimport os\nassert sorted(os.environ) == ['OIMS_RUN_ID', 'PATH'], os.environ\n") == 0


@pytest.mark.parametrize("text", ["raise SystemExit(4)", "import os; os.kill(os.getpid(), 15)"])
def test_the_end_of_a_warm_run_is_told_as_it_was(started, text):
    assert started(f"#!{{}}\n{text}\n") == (4 if "4" in text else -15)


@pytest.mark.fault("F33")
def test_a_parent_that_has_ended_is_told_of_and_another_takes_its_place(bench, warmed):
    warmed.begin()
    (parent,) = until(parents)
    os.kill(parent, 9)
    until(lambda: process.find("-" * warm_parent.MARK_ROOM) == [] or not parents())
    with capture_logs() as logs:
        runs = [bench().run(), bench().run()]
    assert [run.state for run in runs] == ["succeeded", "succeeded"]
    (first, why), second = hows(logs)
    assert (first, second) == ("fresh", ("warm", None))
    assert "the process that has loaded Ansible" in why


@pytest.mark.fault("F33")
def test_a_run_whose_parent_is_ended_is_ended_and_told(bench, playbooks, warmed):
    one = bench(policy("slow.yml", timeout="1m", leftovers="keep"))

    def kill():
        until((playbooks.parent / "begun").exists, 60)
        for parent in parents():
            os.kill(parent, 9)

    killer = threading.Thread(target=kill)
    killer.start()
    run = one.run()
    killer.join()
    assert (run.state, run.document["exit_code"]) == ("failed", -9)
    assert "and this run with it" in run.document["output_tail"]
    assert process.find(run.id) == []


@pytest.mark.slow
def test_an_automation_that_is_killed_leaves_no_parent(journal, app, follower, eventually, playbooks):
    (playbooks / "policy.yml").write_text(policy("slow.yml", timeout="1m"))
    journal.add("Broken")
    victim = follower()
    eventually((playbooks.parent / "begun").exists)
    (parent,) = parents(victim.process.pid)
    assert '"start": "warm"' in victim.log
    victim.kill()
    eventually(lambda: not Path(f"/proc/{parent}").exists())


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


def test_a_run_says_why_it_started_afresh(bench):
    with capture_logs() as logs:
        assert bench(warm=None).run().state == "succeeded"
    assert hows(logs) == [("fresh", "OIMS_WARM_ANSIBLE is false")]
