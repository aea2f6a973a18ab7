"""Runs with more to tell than a report may hold: real automation, real app, real worker."""

import json

import pytest

from tests.automation.installation import Installation, policy

pytestmark = [pytest.mark.slow, pytest.mark.timeout(800)]

PLAY = """\
- hosts: localhost
  gather_facts: false
  tasks:
"""
TASK = """\
    - name: "Step {step}, in words that no report has room for"
      ansible.builtin.debug: {{msg: "{words}"}}
"""
TASKS = 521
VERIFY = {"within": "5m", "hold": "1s"}
REMEDY = {"alert": "Many", "playbook": "steps.yml", "timeout": "8m", "verify": VERIFY}


@pytest.fixture
def oims(tmp_path):
    one = Installation(tmp_path, policy(REMEDY))
    steps = (TASK.format(step=step, words="ü" * 2000) for step in range(TASKS))
    (one.playbooks / "steps.yml").write_text(PLAY + "".join(steps))
    one.begin()
    yield one
    one.close()


def test_the_end_of_a_run_with_too_many_tasks_and_its_verdict_arrive(oims):
    oims.deliver("Many")
    oims.eventually(lambda: oims.runs("Many") == [("succeeded", "pending")], 600)
    oims.deliver("Many", "resolved")
    oims.eventually(lambda: oims.runs("Many") == [("succeeded", "verified")], 120, nudge=True)
    ((told, counts),) = oims.rows("SELECT tasks_cut, task_counts FROM runs WHERE alertname = 'Many'")
    assert told.endswith("tasks; failed ones are always kept.")
    assert sum(json.loads(counts).values()) >= TASKS
