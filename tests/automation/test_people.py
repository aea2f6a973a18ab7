"""A person and the machine, every part real: approve, reject, expire, pause, and the week of a shadow."""

import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from automation.cli.replay import decide_again
from automation.clock import SystemClock
from automation.events.journal import Journal as JournalClient
from automation.policy.load import load_policy
from automation.report import App
from automation.reporter import Reporter
from contract.moments import rfc3339
from tests.automation.doubles import APP_TOKEN, KEY, READER_TOKEN
from tests.automation.installation import Installation, Person, policy
from webhook.journal import Journal, open_store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

LOOK = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.debug: {msg: "looked at {{ oims_target_name }}"}
"""


@pytest.fixture(scope="module")
def oims(tmp_path_factory):
    one = Installation(
        tmp_path_factory.mktemp("people"),
        policy(
            {"alert": "Approved", "mode": "approve"},
            {"alert": "Rejected", "mode": "approve"},
            {"alert": "Expired", "mode": "approve", "approval_expires": "15s", "diagnostics": True},
            {"alert": "Held"},
            {"alert": "HeldOnHost"},
            {"alert": "Shadowed", "mode": "shadow", "verify": {"within": "10m"}},
        ),
    )
    record(one.folder / "journal.db", [60, 5000, 300, 900, 599, 601])
    (one.playbooks / "collect_diagnostics.yml").write_text(LOOK)
    one.begin()
    yield one
    one.close()


def record(path, lasting):
    """Write a journal of last week: each day an alert that lasted so many seconds."""
    journal = Journal(open_store(str(path)), on_event=lambda _: None, on_commit=lambda _: None)
    first = datetime.now(UTC) - timedelta(days=7) + timedelta(hours=1)
    for day, seconds in enumerate(lasting):
        began = first + timedelta(days=day)
        for status, at in (("firing", began), ("resolved", began + timedelta(seconds=seconds))):
            event = {
                "kind": "alert",
                "source": "alertmanager",
                "received_at": rfc3339(at),
                "status": status,
                "fingerprint": "0123456789abcdef",
                "starts_at": rfc3339(began),
                "ends_at": rfc3339(at) if status == "resolved" else None,
                "labels": {"alertname": "Shadowed"},
                "annotations": {},
                "generator_url": "",
                "group_key": "{}",
                "receiver": "oims-webhook",
            }
            journal.append([event])
    journal.close()


@pytest.fixture(scope="module")
def ann(oims):
    return Person(oims.app)


def asked(oims, alertname):
    """Fire an alert; return its incident's page and its question, once the preview is there."""
    oims.deliver(alertname)
    query = """
        SELECT a.incident_id, a.id FROM approvals a JOIN decisions d ON d.episode = a.episode
        WHERE d.alertname = ? AND a.incident_id IS NOT NULL AND a.preview LIKE '%TASK [Repair]%'
    """
    incident, question = oims.eventually(lambda: oims.rows(query, alertname))[0]
    return f"/incidents/{incident}", f"/approvals/{question}"


def test_a_run_waits_on_the_incident_page_and_starts_soon_after_approval(oims, ann):
    page, question = asked(oims, "Approved")
    shown = ann.read(page)
    assert "Automation asks: run repair.yml on Deployment shop/approved?" in shown
    assert "oims_target_name=approved" in shown
    assert "TASK [Repair]" in shown, "what --check --diff says"
    assert oims.repaired("approved") == 0

    ann.submit(page, f"{question}/approve")
    answered = time.monotonic()
    oims.eventually(lambda: oims.runs("Approved"))
    assert time.monotonic() - answered < 2
    oims.deliver("Approved", "resolved")
    oims.eventually(lambda: oims.runs("Approved") == [("succeeded", "verified")])
    assert oims.repaired("approved") == 1
    told = ann.read(page)
    for words in ("approved repair.yml on Deployment shop/approved", "verified"):
        assert words in told, told


def test_a_rejected_run_never_starts_and_the_page_says_who_and_why(oims, ann):
    page, question = asked(oims, "Rejected")
    ann.submit(page, f"{question}/reject", reason="I know this one.")
    oims.eventually(lambda: oims.decisions("Rejected")[-1] == ("declined", "approval_rejected"))
    assert "I know this one." in ann.read(page)
    assert oims.runs("Rejected") == []
    assert oims.repaired("rejected") == 0


def test_a_question_that_nobody_answers_expires_and_escalates_with_diagnostics(oims, ann):
    page, question = asked(oims, "Expired")
    oims.eventually(lambda: oims.decisions("Expired")[-1] == ("declined", "approval_expired"))
    oims.eventually(
        lambda: oims.rows(
            "SELECT 1 FROM runs WHERE alertname = 'Expired' AND output_tail LIKE '%looked at expired%'"
        )
    )
    shown = ann.read(page)
    assert "Not run by automation. Nobody answered within 15s whether repair.yml may run" in shown, shown
    assert "Automation gave up and called for people" in shown
    assert "Now checking that the alert clears" not in shown, "a look is no repair"
    assert oims.repaired("expired") == 0
    with pytest.raises(StopIteration):  # the page has no form for an answer any more
        ann.submit(page, f"{question}/approve")


@pytest.mark.threat("T7")
def test_the_pause_button_stops_new_runs_within_a_second_and_its_end_lets_them_run(oims, ann):
    ann.submit("/automation", "/automation/pause", reason="Moving the shop.")
    oims.eventually(lambda: "oims_automation_paused 1.0" in oims.scrape(oims.metrics), 1)
    oims.deliver("Held")
    oims.eventually(lambda: oims.decisions("Held") == [("deferred", "paused")])
    assert oims.runs("Held") == []
    ann.submit("/automation", "/automation/resume")
    oims.eventually(lambda: oims.runs("Held"))
    assert oims.decisions("Held") == [("deferred", "paused"), ("run", None)]


def test_a_pause_on_the_host_stops_new_runs_within_a_second_and_the_page_says_so(oims, ann):
    oims.command("automation", "pause", "hands off")
    oims.deliver("HeldOnHost")
    oims.eventually(lambda: oims.decisions("HeldOnHost") == [("deferred", "paused")])
    oims.eventually(lambda: "Automation is paused" in ann.read("/automation"))
    oims.command("automation", "resume")
    oims.eventually(lambda: oims.runs("HeldOnHost"))


def test_a_replayed_shadow_week_shows_the_right_counts_in_the_app(oims, ann):
    """Three of six alerts cleared within the ten minutes that a repair would have had."""
    replayed = oims.command("automation", "replay")
    assert replayed.split()[-3:] == ["repair/Shadowed", "6", "3"], replayed

    week = JournalClient(oims.webhook, READER_TOKEN, KEY.encode()).read(0, 0).events[:12]
    shadow = load_policy(oims.playbooks / "policy.yml", oims.playbooks)
    with closing(decide_again(week, shadow)) as ledger:
        Reporter(App(oims.app, APP_TOKEN), ledger, SystemClock(None)).send_due()
    words = "In the last 7 days it would have run 6 times; in 3 of them the alert cleared by itself"
    assert words in ann.read("/automation/remedies/repair/Shadowed")
    assert oims.runs("Shadowed") == []
