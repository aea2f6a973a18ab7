"""Steering the automation from its pages: pause, approve, and what speaks for a remedy."""

from datetime import timedelta

import pytest

from app.automation import instructions
from app.automation import queries as automation
from app.extensions import db
from app.incidents import queries
from app.records.automation import Approval
from app.records.incidents import Incident
from tests.app.pages import stories
from tests.app.pages.alerts import TARGET, Alert

HOSTILE = "<script>alert(1)</script>{{ 7*7 }}"


@pytest.fixture
def asked(app, settings, at):
    """An alert whose remedy waits for a person's word; the incident's id."""
    with app.app_context():
        return stories.asking(settings, at, preview=f"replicas: 2 -> 3 {HOSTILE}").id


def test_a_pause_needs_a_reason_and_is_shown_to_everybody(browser, log_in, vera):
    refused = browser.submit("/automation", "/automation/pause", reason=" ")
    assert refused.status_code == 422
    assert "Say why, for those who find the automation paused." in browser.read(refused).words
    page = browser.submit_and_follow("/automation", "/automation/pause", reason=f"Moving. {HOSTILE}")
    assert f"Alice paused it just now: Moving. {HOSTILE}" in page.words
    assert "Alice paused it" in log_in(vera).get("/automation").words
    page = browser.submit_and_follow("/automation", "/automation/resume")
    assert "Automation may start runs again." in page.words
    changes = page.words.partition("Who changed what the automation may do")[2]
    assert changes.index("Alice resumed the automation.") < changes.index(
        "Alice paused the automation: Moving."
    )
    assert "Pause the automation" in page.words


def test_somebody_who_may_only_look_cannot_pause_or_answer(app, log_in, vera, asked):
    looking = log_in(vera)
    assert "Pause the automation" not in looking.get("/automation").words
    page = looking.get(f"/incidents/{asked}")
    assert "Automation asks: run scale_oims.yml on Deployment shop/api?" in page.words
    assert "Approve the run" not in page.words
    form = looking.get("/").form("/logout")
    for path in ("/automation/pause", "/automation/resume", "/approvals/question-1/approve"):
        assert looking.client.post(path, data=form | {"reason": "x"}).status_code == 403
    with app.app_context():
        assert not automation.is_paused()
        assert db.session.get_one(Approval, "question-1").decided_by is None


def test_a_responder_reads_what_would_change_and_approves(browser, app, asked):
    page = browser.get(f"/incidents/{asked}")
    for expected in ("ansible-playbook scale_oims.yml", f"replicas: 2 -> 3 {HOSTILE}", "in 14 min"):
        assert expected in page.words
    page = browser.submit_and_follow(
        f"/incidents/{asked}", "/approvals/question-1/approve", reason="The load is real."
    )
    assert "Approved. The automation decides again now." in page.words
    assert "Automation asks" not in page.words
    assert "Alice approved scale_oims.yml on Deployment shop/api" in page.words
    with app.app_context():
        (answer,) = instructions.current().approvals
        assert (answer.state, answer.by) == ("approved", "Alice")


def test_the_automation_page_asks_as_well(browser, asked):
    assert "Automation asks: run scale_oims.yml" in browser.get("/automation").words
    page = browser.submit_and_follow("/automation", "/approvals/question-1/approve")
    assert page.h1.startswith("ShopSaturated")


def test_the_second_to_answer_is_told_who_was_first(browser, log_in, bob, asked):
    slow = log_in(bob)
    form = slow.get(f"/incidents/{asked}").form("/approvals/question-1/approve")
    browser.submit_and_follow(f"/incidents/{asked}", "/approvals/question-1/approve")
    response = slow.client.post("/approvals/question-1/reject", data=form)
    assert response.status_code == 409
    assert "Alice has approved this run already." in slow.read(response).words


def test_a_remedys_page_tells_runs_rate_and_why_it_did_not_run(browser, app, tell, settings, at):
    tell(stories.healed, settings, at - timedelta(hours=1))
    tell(stories.waiting, settings, at)
    with app.app_context():
        stories.heartbeat()
    page = browser.get("/automation/remedies/shop-errors")
    assert page.h1 == "shop-errors"
    for expected in (
        "It ran once; 1 of 1 judged runs were verified (100 %).",
        "took 14 s on average",
        "It had just run on this target",
        "When ShopErrors fires",
    ):
        assert expected in page.words


def test_a_remedy_nobody_knows_is_not_found(browser):
    assert browser.get("/automation/remedies/none", 404).h1 == "Not found"


def test_shadow_evidence_counts_the_alerts_that_ended_by_themselves_in_time(browser, app, settings, at):
    def watched(name, ends_after, days_ago=1, **fields):
        start = at - timedelta(days=days_ago)
        alert = Alert(settings, name, start, labels={"severity": "low"})
        alert.fires(after=0)
        would = {"would_run_at": start + timedelta(seconds=5), "verify_within_s": 600}
        given = {"reason": "shadow", "remedy": "quiet", "target": TARGET, "shadow": would}
        alert.decided("declined", "the remedy only watches.", after=5, **(given | fields))
        if ends_after:
            alert.ends(after=ends_after)

    with app.app_context():
        watched("EndsInTime", 300)
        watched("EndsTooLate", 700)
        watched("BurnsOn", None)
        watched("LongAgo", 300, days_ago=8)
        watched("HeldBack", 300, reason="cooldown", shadow=None)
    page = browser.get("/automation/remedies/quiet")
    assert (
        "In the last 7 days it would have run 3 times; in 1 of them the alert cleared by itself "
        "within the time allowed to verify." in page.words
    )
    with app.app_context():
        assert db.session.query(Incident).count() == 5
        assert len(queries.counts()) > 0


@pytest.mark.parametrize("path", ["/automation", "/automation/remedies/shop-pods"])
def test_a_remedy_says_how_its_alert_leads_to_a_target_and_which_steps_follow(app, browser, path):
    with app.app_context():
        stories.heartbeat()
    words = browser.get(path).words
    assert "owner of the alert's Pod in shop" in words
    assert "restart_oims.yml, then rollback_oims.yml" in words
    assert "no target" not in words
