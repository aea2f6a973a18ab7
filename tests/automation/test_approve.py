"""A run that waits for a person, and a look at the target when a person is told."""

import json

import pytest


def policy(playbooks, **remedy):
    target = {"kind": "Deployment", "namespace": "shop", "name": "web"}
    document = {"alert": "Broken", "playbook": "repair.yml", "target": target, **remedy}
    (playbooks / "policy.yml").write_text(json.dumps({"remedies": [document]}))


def question(app):
    asked = [d["approval"] for d in app.decisions if d["reason"] == "awaiting_approval"]
    return next((one for one in asked if "TASK [Repair]" in one["preview"]), None)


def reasons(app):
    return [(d["decision"], d["reason"]) for d in app.decisions]


@pytest.fixture
def asked(journal, app, follower, eventually, playbooks):
    """A follower whose run waits for an answer; the question is given."""
    policy(playbooks, mode="approve")
    follower()
    journal.add("Broken")
    return eventually(lambda: question(app))


def test_a_playbook_that_changed_since_the_question_is_asked_for_again(asked, app, eventually, playbooks):
    (playbooks / "repair.yml").write_text((playbooks / "repair.yml").read_text() + "\n# changed\n")
    app.tell(approvals=[{"id": asked["id"], "state": "approved", "by": "Ann", "at": asked["expires_at"]}])
    eventually(lambda: app.decisions[-1].get("approval", asked)["id"] != asked["id"])
    assert app.runs == {}


def test_a_question_that_nobody_answers_is_told_to_a_person_with_diagnostics(
    journal, app, follower, eventually, playbooks
):
    (playbooks / "collect_diagnostics.yml").write_text(
        "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
        '    - ansible.builtin.debug: {msg: "looked at {{ oims_target_name }}"}\n'
    )
    policy(playbooks, mode="approve", approval_expires="1s", diagnostics=True)
    follower()
    journal.add("Broken")
    eventually(lambda: reasons(app)[-1:] == [("declined", "approval_expired")])
    assert app.decisions[-1]["escalate"] is True
    look = eventually(lambda: next((r for r in app.runs.values() if r["state"] == "succeeded"), None))
    assert (look["attempt"], look["remedy"], look["verification"]) == (0, "diagnostics/Broken", None)
    assert "looked at web" in look["output_tail"]


def test_shadow_mode_says_when_it_would_have_run(journal, app, follower, eventually, playbooks):
    policy(playbooks, mode="shadow", verify={"within": "90s"})
    follower()
    journal.add("Broken", fingerprint="a")
    eventually(lambda: reasons(app) == [("declined", "shadow")])
    assert app.decisions[0]["shadow"]["verify_within_s"] == 90
    assert app.decisions[0]["shadow"]["would_run_at"].endswith("Z")
    journal.add("Broken", fingerprint="b")
    eventually(lambda: reasons(app)[1:] == [("deferred", "cooldown")])
    assert app.runs == {}
