import os
import subprocess
import sys
from pathlib import Path

import pytest
import structlog

from automation.__main__ import main
from automation.run import process, warm
from automation.run.warm import Warm
from tests.automation import doubles
from tests.automation.engine_bench import Bench
from tests.processes import Process, run
from tests.waiting import until

ROOT = Path(__file__).parents[2]
INVENTORY = """\
all:
  hosts:
    localhost:
      ansible_connection: local
      ansible_python_interpreter: "{{ ansible_playbook_python }}"
      test_folder: "FOLDER"
"""

# `raw` starts no Python for its module: a third of the time of a run.
REPAIR = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Repair
      ansible.builtin.raw: "echo {{ oims_target_name }} {{ oims_run_id }} >> '{{ test_folder }}/repaired'"
    - name: Say so
      ansible.builtin.debug:
        msg: "repaired {{ oims_target_name }}"
"""

SLOW = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Begin
      ansible.builtin.raw: "echo '{{ oims_run_id }}' >> '{{ test_folder }}/begun'"
    - name: Take long
      ansible.builtin.command: sleep 600
      changed_when: false
"""

FAIL = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Refuse
      ansible.builtin.fail:
        msg: the target cannot be repaired
"""

PRINT = "#!{}\nprint('printed')\n"
POLICY = """\
defaults: {cooldown: 5m, max_runs_per_hour: 3, max_attempts: 2, timeout: 1m, verify: {within: 1m, hold: 1s}}
remedies:
  - alert: Broken
    playbook: repair.yml
    target: {kind: Deployment, namespace: shop, name: web}
"""


@pytest.fixture
def journal():
    server = doubles.JournalServer()
    yield server
    server.down()


@pytest.fixture
def app():
    server = doubles.AppServer()
    yield server
    server.down()


def write_playbooks(parent, policy=POLICY):
    """Make a playbooks folder that only its owner can write."""
    folder = parent / "playbooks"
    (folder / "inventories" / "local").mkdir(parents=True)
    (folder / "inventories" / "local" / "hosts.yml").write_text(INVENTORY.replace("FOLDER", str(parent)))
    for name, text in {"repair": REPAIR, "slow": SLOW, "fail": FAIL}.items():
        (folder / f"{name}.yml").write_text(text)
    (folder / "policy.yml").write_text(policy)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o022)
    return folder


@pytest.fixture
def playbooks(tmp_path):
    """A playbooks folder that only its owner can write."""
    return write_playbooks(tmp_path)


@pytest.fixture
def env(tmp_path, journal, app, playbooks):
    """The environment of a follower that uses the doubles."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "OIMS_JOURNAL_URL": journal.url,
        "OIMS_JOURNAL_TOKEN": doubles.READER_TOKEN,
        "OIMS_EVENT_KEY": doubles.KEY,
        "OIMS_APP_URL": app.url,
        "OIMS_APP_TOKEN": doubles.APP_TOKEN,
        "OIMS_STATE_DIR": str(tmp_path / "state"),
        "OIMS_PLAYBOOKS": str(playbooks),
        "OIMS_INVENTORY": "local",
        "OIMS_INSTANCE": "test",
        "OIMS_REPORT_HEARTBEAT": "500ms",
        "OIMS_STOP_GRACE": "1",
    }


@pytest.fixture
def command(env, tmp_path, monkeypatch, capsys):
    """Run a command of `python -m automation` that follows nothing, without a process of its own."""

    def run(*words, **changes):
        with monkeypatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("OIMS_")]:
                patch.delenv(name)
            for name, value in {**env, **changes}.items():
                patch.setenv(name, value)
            patch.chdir(tmp_path)
            capsys.readouterr()
            try:
                status = main(words)
            finally:
                structlog.reset_defaults()
            said = capsys.readouterr()
        return subprocess.CompletedProcess(words, status, said.out, said.err)

    return run


@pytest.fixture
def automation(env, tmp_path):
    """Run `python -m automation` to its end and return the finished process."""

    def automation(*words, timeout=90, **changes):
        return run("automation", *words, env={**env, **changes}, cwd=tmp_path, seconds=timeout)

    return automation


class FollowerProcess:
    """A follower as its own process, its log in a file."""

    def __init__(self, env, cwd, number):
        self.log_path = cwd / f"follow-{number}.log"
        self._log = self.log_path.open("w")
        reading, writing = os.pipe()
        self.process = Process("automation", "follow", env=env, cwd=cwd, stdin=reading, stderr=self._log)
        os.close(reading)
        self.stdin = os.fdopen(writing, "w")

    @property
    def log(self):
        return self.log_path.read_text()

    def write(self, line):
        self.stdin.write(line + "\n")
        self.stdin.flush()

    def kill(self):
        self.process.kill()
        self._end()

    def stop(self, timeout=30):
        if self.process.poll() is None:
            self.process.terminate()
        status = self.process.wait(timeout)
        self._end()
        return status

    def _end(self):
        self.process.wait(30)
        self.stdin.close()
        self._log.close()


@pytest.fixture
def follower(env, tmp_path):
    """Start followers; what is left of them and of their playbooks is killed at the end."""
    started = []

    def start(**changes):
        started.append(FollowerProcess({**env, **changes}, tmp_path, len(started)))
        return started[-1]

    yield start
    for one in started:
        one.kill()
    for folder in tmp_path.glob("*/runs/*"):
        process.end(folder.name, grace=0)


@pytest.fixture
def eventually():
    def eventually(look, seconds=45):
        return until(look, seconds)

    return eventually


@pytest.fixture
def warmed(monkeypatch):
    """A warm parent that is ended at the end; a lost one is replaced at once."""
    monkeypatch.setattr(warm, "RETRY", 0.0)
    one = Warm()
    yield one
    one.end()


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


@pytest.fixture
def bench(tmp_path, app):
    one = Bench(tmp_path, app)
    yield one
    one.ledger.close()
