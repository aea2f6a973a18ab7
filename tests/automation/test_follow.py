"""The follower as a process: from an event to a verdict that the app knows."""

import json

import pytest


def verdicts(app):
    return [run["verification"] for run in app.runs.values()]


def test_it_repairs_verifies_and_reports(journal, app, follower, eventually, playbooks):
    process = follower()
    journal.add("Broken")
    run = eventually(lambda: next((r for r in app.runs.values() if r["state"] == "succeeded"), None))
    assert (playbooks.parent / "repaired").read_text() == f"web {run['id']}\n"
    assert [(task["name"], task["status"]) for task in run["tasks"]] == [
        ("Repair", "changed"),
        ("Say so", "ok"),
    ]
    assert "repaired web" in run["output_tail"]
    journal.add("Broken", "resolved")
    eventually(lambda: verdicts(app) == ["verified"])
    assert [d["decision"] for d in app.decisions] == ["run"]
    assert process.stop() == 0, process.log


@pytest.mark.threat("T6")
def test_it_refuses_what_the_policy_does_not_name(journal, app, follower, eventually):
    follower()
    journal.add("Unknown")
    decision = eventually(lambda: app.decisions)[0]
    assert (decision["decision"], decision["reason"]) == ("declined", "not_in_policy")
    assert app.runs == {}


def test_once_handles_what_is_there_and_exits(journal, app, automation):
    journal.add("Broken")
    journal.add("Broken", "resolved")
    journal.add("Unknown")
    done = automation("follow", "--once")
    assert done.returncode == 0, done.stderr
    assert {(d["alertname"], d["reason"]) for d in app.decisions} == {("Unknown", "not_in_policy")}
    assert all(json.loads(line) for line in done.stderr.splitlines())
