"""How a run ended, told right, with the real ansible-playbook."""

import json
import os
import signal
from contextlib import suppress

import pytest

from automation.run import process
from automation.run.tasks import Tasks
from contract.runs import RunReason
from tests.automation.test_run import Bench, policy

SKIP = """\
- hosts: localhost
  tasks:
    - name: Restart
      ansible.builtin.command: /bin/true
      when: false
    - name: Restart each
      ansible.builtin.command: /bin/true
      loop: [1, 2]
      when: item > 2
"""
LEAVE = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Start it in the background, as its start script does
      ansible.builtin.shell: |
        nohup sleep 4242 >/dev/null 2>&1 &
        until grep -qs ^sleep /proc/$!/cmdline; do sleep 0.1; done
"""
"""The shell waits until nohup has become the program: what is not as far ends with Ansible's session."""
THREE_HOSTS = """\
- hosts: three
  gather_facts: false
  tasks:
    - name: Try
      block:
        - name: Break
          ansible.builtin.raw: exit 1
          when: inventory_hostname == "one"
      rescue:
        - name: Mend
          ansible.builtin.raw: exit 0
    - name: Do not mind
      ansible.builtin.raw: exit 1
      ignore_errors: true
      when: inventory_hostname == "two"
    - name: Reach
      ansible.builtin.raw: exit 0
"""
INVENTORY = """\
all:
  hosts:
    localhost: {ansible_connection: local}
  children:
    three:
      hosts:
        one: {ansible_connection: local}
        two: {ansible_connection: local}
        gone: {ansible_host: 127.0.0.1, ansible_port: 9, ansible_connection: ssh}
"""


@pytest.fixture
def run(env, monkeypatch, playbooks):
    """Run a playbook as the remedy of an alert; return the run's report."""
    made = []

    def run(text, **remedy):
        (playbooks / "it.yml").write_text(text)
        made.append(Bench(env, monkeypatch, playbooks, policy("it.yml", **remedy)))
        return made[-1].run()

    yield run
    for one in made:
        one.ledger.close()


def play(hosts, tasks="    - ansible.builtin.raw: exit 0\n"):
    return f"- hosts: {hosts}\n  gather_facts: false\n  tasks:\n{tasks}"


@pytest.mark.parametrize(
    "text",
    [play("webservers"), play("localhost") + play("webservers"), play("[webservers, db]"), play("all:!all")],
)
@pytest.mark.compatible("C16")
def test_a_play_without_hosts_is_a_failure(run, text):
    ended = run(text)
    assert (ended.state, ended.verification) == ("failed", None)
    assert ended.document["reason"] == RunReason.HOST_PATTERN_MISMATCH
    assert ended.document["detail"].startswith("No host matched '")


@pytest.mark.parametrize("text", [SKIP, SKIP.replace("  tasks:", "  gather_facts: false\n  tasks:")])
@pytest.mark.compatible("C16")
def test_a_run_of_which_each_task_was_skipped_did_nothing_and_is_not_verified(run, text):
    ended = run(text)
    assert (ended.state, ended.verification) == ("succeeded", None)
    assert ended.document["reason"] == RunReason.NOTHING_DONE
    assert ended.document["detail"] == "It did nothing: every task was skipped."


def test_a_playbook_without_tasks_did_nothing(run):
    ended = run("- hosts: localhost\n  gather_facts: false\n  tasks: []\n")
    assert (ended.verification, ended.document["detail"]) == (
        None,
        "It did nothing: the playbook ran no task.",
    )


@pytest.mark.compatible("C16")
def test_each_host_is_told_with_what_was_ignored_rescued_and_out_of_reach(run, playbooks):
    (playbooks / "inventories" / "local" / "hosts.yml").write_text(INVENTORY)
    ended = run(THREE_HOSTS)
    told = {(task["host"], task["name"]): task["status"] for task in ended.document["tasks"]}
    assert told["one", "Break"] == "rescued"
    assert told["one", "Mend"] == told["one", "Reach"] == told["two", "Reach"] == "changed"
    assert told["two", "Do not mind"] == "ignored"
    assert "unreachable" in {status for (host, _), status in told.items() if host == "gone"}
    assert ended.state == "failed", "a host was out of reach"
    counts = ended.document["task_counts"]
    assert (counts["rescued"], counts["ignored"], counts["unreachable"]) == (1, 1, 1)
    assert "failed" not in counts


@pytest.mark.compatible("C16")
def test_a_host_that_may_be_out_of_reach_is_ignored_as_in_ansibles_own_count(run):
    away = """\
    - name: Reach
      ansible.builtin.raw: exit 0
      vars: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 9}
      ignore_unreachable: true
"""
    ended = run(play("localhost", away))
    assert ended.state == "succeeded"
    assert ended.document["task_counts"] == {"ignored": 1}


KILL = """\
    - name: Run out of memory
      ansible.builtin.shell: |
        kill -KILL {{ lookup('pipe', 'ps -o ppid= -p $PPID') }} &&
        exec sleep 4242
"""
"""The lookup is made by a worker, whose parent is ansible-playbook itself."""


@pytest.mark.compatible("C16")
def test_a_playbook_that_a_signal_ended_says_which(run):
    ended = run(play("localhost", KILL))
    said, _, left = ended.document["detail"].partition(". ")
    assert (ended.state, ended.document["exit_code"]) == ("failed", -signal.SIGKILL)
    assert said == "Something ended ansible-playbook by SIGKILL, as the kernel does where memory is short"
    assert "sleep 4242" in left
    assert "\n" not in left


@pytest.mark.compatible("C16")
def test_the_task_that_hangs_is_named(run):
    hang = "    - name: Take long\n      ansible.builtin.raw: sleep 600\n"
    ended = run(play("localhost", hang), timeout="30s")
    assert (ended.state, ended.document["reason"]) == ("timed_out", RunReason.TASK_HUNG)
    assert ended.document["detail"] == "It had begun and not ended “Take long” on localhost."
    assert ended.document["tasks"][-1]["status"] == "unfinished"


@pytest.mark.compatible("C16")
def test_what_a_playbook_left_is_ended_and_told(run):
    ended = run(LEAVE)
    assert ended.state == "succeeded"
    assert ended.document["detail"] == "Ended 1 process that the playbook left: sleep 4242."
    assert process.find(ended.id) == []


def test_a_process_is_found_while_it_becomes_another_program(tmp_path):
    script = tmp_path / "again"
    script.write_text('#!/bin/sh\nexec "$0"\n')
    script.chmod(0o700)
    one = process.start([str(script)], cwd=tmp_path, env={process.MARK: "again"}, output=tmp_path / "output")
    try:
        assert [process.find("again") for _ in range(100)] == [[one.pid]] * 100
    finally:
        process.end("again", one, grace=0)


def test_what_a_playbook_left_goes_on_if_the_policy_says_so(run):
    ended = run(LEAVE, leftovers="keep")
    left = process.find(ended.id)
    try:
        assert len(left) == 1
        assert ended.document["detail"] is None
    finally:
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def test_a_list_of_many_tasks_is_bounded_while_it_is_read(tmp_path):
    line = {"host": "localhost", "status": "ok", "message": "m" * 1000, "duration_s": 0.1}
    with (tmp_path / "tasks").open("w") as file:
        for number in range(7_800):
            file.write(json.dumps({**line, "name": f"Task {number}"}) + "\n")
    tasks = Tasks(tmp_path / "tasks")
    assert tasks.read()
    assert not tasks.read()
    kept = tasks.document()["tasks"]
    assert [kept[0]["number"], kept[-1]["number"], len(kept)] == [1, 7_800, 500]
    assert tasks.counts == {"ok": 7_800}
