"""Runs that are forked from a process that has loaded Ansible: the same as fresh ones, and never two."""

import json
import os
import re
import sys
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from automation.run import process
from tests.automation.conftest import SLOW
from tests.automation.test_run import Bench, digest_of, policy
from tests.automation.warming import parents
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


def hows(logs):
    return [(line["start"], line["why"]) for line in logs if line["event"] == "playbook_started"]


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


@pytest.mark.fault("F33")
def test_a_parent_that_has_ended_is_told_of_and_another_takes_its_place(bench, warmed):
    warmed.begin()
    (parent,) = until(parents)
    os.kill(parent, 9)
    until(lambda: not parents())
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


def test_a_run_says_why_it_started_afresh(bench):
    with capture_logs() as logs:
        assert bench(warm=None).run().state == "succeeded"
    assert hows(logs) == [("fresh", "OIMS_WARM_ANSIBLE is false")]
