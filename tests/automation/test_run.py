"""Running a playbook, with the real ansible-playbook."""

import json
import os
import subprocess
import threading
import time

import pytest

from automation.clock import SystemClock
from automation.config import load_settings
from automation.events.schemas import Event
from automation.follow.engine import Engine
from automation.ledger import runs
from automation.ledger.database import open_ledger
from automation.ledger.episodes import take_in
from automation.metrics import Metrics
from automation.policy.contents import read_contents
from automation.policy.folder import Folder
from automation.policy.load import load_policy
from automation.run import process
from automation.run.executor import Executor, ansible, ansible_environment
from automation.run.variables import write_variables
from tests.automation.doubles import make_event

HOSTILE = [
    '{{ lookup("ansible.builtin.pipe", "touch EVIL") }}',
    "{% for x in [1] %}{{ lookup('pipe', 'touch EVIL') }}{% endfor %}",
    "$(touch EVIL)",
    "`touch EVIL`",
    "; touch EVIL",
    "web oims_other=1 ansible_connection=ssh",
    "!unsafe web\n- hosts: all",
    '", "ansible_python_interpreter": "/bin/false',
]

ECHO = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Use the values
      ansible.builtin.copy:
        dest: "{{ test_folder }}/values"
        content: "{{ [VALUES] | to_json }}"
        mode: "0600"
""".replace("VALUES", ", ".join(f"oims_value_{n}" for n in range(len(HOSTILE))))

STUBBORN = "trap '' TERM; setsid sh -c 'trap \"\" TERM; sleep 100' & echo ready; wait; sleep 100"


class Bench:
    """A ledger with one queued run, and what executes it."""

    def __init__(self, env, monkeypatch, playbooks, policy, warm=None):
        for name in list(os.environ):
            if name.startswith("OIMS_"):
                monkeypatch.delenv(name)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        (playbooks / "policy.yml").write_text(policy)
        self.settings = load_settings()
        self.settings.state_dir.mkdir(mode=0o700, exist_ok=True)
        self.policy = load_policy(self.settings.policy_file, playbooks)
        self.ledger, self.clock, self.stop = (
            open_ledger(self.settings.state_dir),
            SystemClock(None),
            threading.Event(),
        )
        self.engine = Engine(self.policy, self.ledger, self.clock, lambda: None, Folder(self.settings).digest)
        self.executor = Executor(
            self.settings,
            Folder(self.settings),
            self.ledger,
            self.clock,
            Metrics(self.policy),
            self.stop.is_set,
            warm,
        )

    def run(self, labels=None):
        event = make_event(1, "Broken", "firing", "f", "e", labels)
        take_in(self.ledger, [Event.model_validate(event)], self.clock.steady(), 1)
        self.engine.decide_all(None)
        for run in runs.in_state(self.ledger, "queued"):
            remedy = self.policy.remedies[0]
            self.executor.execute(run, remedy.digest, remedy.leftovers)
            return runs.get_run(self.ledger, run.id)
        return None


def policy(playbook="repair.yml", **remedy):
    target = {"kind": "Deployment", "namespace": "shop", "name": "web"}
    document = {"alert": "Broken", "playbook": playbook, "target": target, **remedy}
    return json.dumps({"remedies": [document]})


def digest_of(playbooks):
    return read_contents(playbooks, playbooks / "policy.yml").digest


@pytest.fixture
def bench(env, monkeypatch, playbooks):
    made = []

    def make(text=None):
        made.append(Bench(env, monkeypatch, playbooks, text or policy()))
        return made[-1]

    yield make
    for one in made:
        one.ledger.close()


@pytest.mark.threat("T4")
def test_hostile_values_arrive_as_text_and_run_nothing(playbooks, tmp_path):
    (playbooks / "echo.yml").write_text(ECHO)
    write_variables(tmp_path / "v.json", {f"value_{n}": value for n, value in enumerate(HOSTILE)})
    done = subprocess.run(
        [ansible("ansible-playbook"), "-i", "inventories/local", "-e", f"@{tmp_path / 'v.json'}", "echo.yml"],
        cwd=playbooks,
        env={**ansible_environment(playbooks), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert json.loads((tmp_path / "values").read_text()) == HOSTILE
    assert not list(tmp_path.rglob("EVIL"))


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.threat("T8")
def test_a_hostile_label_is_refused_before_anything_runs(bench, value):
    target = {"kind": "Deployment", "namespace": "shop", "name": {"label": "app", "allow": ["web"]}}
    one = bench(policy(target=target))
    assert one.run({"app": value}) is None
    row = one.ledger.rows("SELECT reason FROM decisions")[0]
    assert row["reason"] == "invalid_target"


@pytest.mark.threat("T26")
def test_the_variables_file_is_readable_by_its_owner_only(tmp_path):
    write_variables(tmp_path / "v.json", {"target_name": "web", "step": 1})
    assert (tmp_path / "v.json").stat().st_mode & 0o777 == 0o600
    assert json.loads((tmp_path / "v.json").read_text()) == {
        "oims_target_name": {"__ansible_unsafe": "web"},
        "oims_step": 1,
    }


def test_a_run_sees_none_of_our_secrets(bench, playbooks):
    (playbooks / "show.yml").write_text(
        "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
        "    - ansible.builtin.debug: {msg: \"{{ lookup('ansible.builtin.pipe', 'env') }}\"}\n"
    )
    run = bench(policy("show.yml")).run()
    assert run.state == "succeeded"
    assert "OIMS_RUN_ID" in run.document["output_tail"]
    for name in ("OIMS_APP_TOKEN", "OIMS_EVENT_KEY", "OIMS_JOURNAL_TOKEN"):
        assert name not in run.document["output_tail"]


@pytest.mark.parametrize("name", ["with spaces  (and a copy)", "with 'marks'", "with {{ braces }}"])
def test_the_state_folder_may_have_a_name_with_spaces_and_marks(bench, env, playbooks, tmp_path, name):
    env["OIMS_STATE_DIR"] = str(tmp_path / name)
    (playbooks / "command.yml").write_text(
        "- hosts: localhost\n  gather_facts: false\n  tasks: [ansible.builtin.command: 'true']\n"
    )
    run = bench(policy("command.yml")).run()
    assert run.state == "succeeded", run.document["output_tail"]


@pytest.mark.fault("F23")
def test_a_failed_playbook_shows_the_failing_task(bench):
    run = bench(policy("fail.yml")).run()
    assert (run.state, run.verification, run.document["exit_code"]) == ("failed", None, 2)
    assert run.document["tasks"][-1]["status"] == "failed"
    assert run.document["tasks"][-1]["message"] == "the target cannot be repaired"
    assert "the target cannot be repaired" in run.document["output_tail"]


@pytest.mark.fault("F23")
def test_a_time_out_ends_every_process_of_the_run(bench):
    run = bench(policy("slow.yml", timeout="4s")).run()
    assert run.state == "timed_out"
    assert process.find(run.id) == []


def test_a_process_that_ignores_term_is_killed(tmp_path):
    run_id = "run-that-ignores-term"
    command = [
        "sh",
        "-c",
        STUBBORN,
    ]
    env = {"PATH": os.environ["PATH"], process.MARK: run_id}
    child = process.start(command, cwd=tmp_path, env=env, output=tmp_path / "out")
    while "ready" not in (tmp_path / "out").read_text() or len(process.find(run_id)) < 3:
        time.sleep(0.02)
    process.end(run_id, child, grace=0.3)
    assert process.find(run_id) == []
    assert child.wait(5) == -9


def test_what_a_playbook_leaves_in_the_background_is_ended(bench, playbooks):
    (playbooks / "leave.yml").write_text(
        "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
        "    - ansible.builtin.command: sleep 500\n      async: 600\n      poll: 0\n"
    )
    run = bench(policy("leave.yml")).run()
    assert run.state == "succeeded"
    assert process.find(run.id) == []


@pytest.mark.threat("T25")
def test_a_playbook_that_was_changed_after_the_start_is_not_run(bench, playbooks):
    one = bench(policy(digest=digest_of(playbooks)))
    (playbooks / "repair.yml").write_text((playbooks / "slow.yml").read_text())
    run = one.run()
    assert run.state == "failed"
    assert "was changed" in run.document["output_tail"]
    assert not (playbooks.parent / "begun").exists()


@pytest.mark.threat("T26")
def test_a_run_works_in_a_private_copy_that_is_gone_afterwards(bench, playbooks):
    (playbooks / "look.yml").write_text(
        "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
        "    - ansible.builtin.raw: \"stat -c 'mode %a at %n' '{{ playbook_dir }}'\"\n"
        "      register: seen\n"
        '    - ansible.builtin.debug: {msg: "{{ seen.stdout }}"}\n'
    )
    one = bench(policy("look.yml"))
    run = one.run()
    assert "mode 700" in run.document["output_tail"]
    assert f"at {one.settings.state_dir}/runs/{run.id}/playbooks" in run.document["output_tail"]
    assert not list((one.settings.state_dir / "runs").iterdir())


def test_an_approved_run_is_refused_when_the_folder_is_not_the_approved_one(bench, playbooks):
    one = bench()
    take_in(one.ledger, [Event.model_validate(make_event(1, "Broken", "firing", "f", "e"))], 0.0, 1)
    one.engine.decide_all(None)
    with one.ledger.transaction() as connection:
        connection.execute("UPDATE runs SET digest = ?", (digest_of(playbooks),))
    (playbooks / "inventories" / "local" / "more.yml").write_text("all: {hosts: {other: {}}}\n")
    one.executor.execute(runs.in_state(one.ledger, "queued")[0], None)
    run = runs.last_runs(one.ledger, 1)[0]
    assert run.state == "failed"
    assert "changed since the start: inventories/local/more.yml" in run.document["output_tail"]
    assert not (playbooks.parent / "repaired").exists()


def test_a_folder_that_others_may_change_since_the_start_is_not_run(bench, playbooks):
    one = bench()
    (playbooks / "inventories").chmod(0o777)
    run = one.run()
    assert run.state == "failed"
    assert "chmod go-w" in run.document["output_tail"]
    assert not (playbooks.parent / "repaired").exists()


@pytest.mark.threat("T28")
def test_a_task_with_no_log_keeps_its_secret(bench, playbooks):
    (playbooks / "secret.yml").write_text(
        "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
        "    - ansible.builtin.debug: {msg: hunter2-of-the-test}\n      no_log: true\n"
        "    - ansible.builtin.debug: {msg: 'password=hunter2-of-the-test'}\n"
    )
    run = bench(policy("secret.yml")).run()
    assert run.state == "succeeded"
    assert "hunter2" not in json.dumps(run.document)
