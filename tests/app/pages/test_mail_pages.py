"""A person chooses mails on a page, ends some by one click in a mail, and sees what the queue holds."""

import re
from datetime import timedelta

import pytest
import time_machine

from app.clock import now
from app.config import Settings
from app.extensions import db
from app.incidents import service as incidents
from app.maintenance import service as maintenance
from app.notify import caps, digests, outbox
from app.records.accounts import Role
from app.records.actors import SYSTEM
from app.records.operations import AuditEvent
from app.records.outbox import MailState, OutboxMessage
from app.records.subscriptions import Least, Reach, Topic
from app.severities import Severity
from app.subscriptions import service
from tests.app.pages import stories


@pytest.fixture
def settings(settings) -> Settings:
    return settings.model_copy(
        update={"smtp_host": "mail.example.org", "mail_to": ("Alice@example.org",), "mail_cap": 2}
    )


def opens(app, count=1):
    with app.app_context():
        for number in range(count):
            incidents.create(title=f"Broken {number}", severity=Severity.LOW, actor=SYSTEM)


def mails(app):
    with app.app_context():
        return db.session.query(OutboxMessage).order_by(OutboxMessage.id).all()


def link(app):
    """The path of the one-click link in the newest mail."""
    return re.sub(r"^http://[^/]+", "", mails(app)[-1].unsubscribe_url)


def test_a_person_chooses_what_to_hear_of_from_which_severity_on(app, browser, alice):
    page = browser.get("/profile/mails")
    assert "You are on the on-call list." in page.words
    assert page.form("/profile/mails")["opened"] == "all"
    page = browser.submit_and_follow(
        "/profile/mails", reach="everything", opened="high", gave_up="critical", collected="yes"
    )
    assert "Your choice of mails is saved." in page.words
    shown = page.form("/profile/mails")
    assert (shown["reach"], shown["opened"], shown["resolved"], shown["gave_up"], shown["collected"]) == (
        "everything",
        "high",
        "all",
        "critical",
        "yes",
    )
    opens(app)
    assert mails(app) == []
    with app.app_context():
        told = db.session.query(AuditEvent).filter_by(kind="mails_chosen").one().summary
    assert told == (
        "alice@example.org chose mails about all incidents: opened high, resolved all, escalated all, "
        "gave up critical; in digests."
    )


def test_a_choice_that_is_none_is_refused(browser):
    assert browser.submit("/profile/mails", opened="sometimes").status_code == 422


def test_one_click_in_a_mail_ends_such_mails_without_a_log_in(app, alice, stranger):
    opens(app)
    path = link(app)
    page = stranger.get(path)
    assert page.h1 == "Get fewer mails"
    assert "An incident opens or reopens." in page.words
    with app.app_context():
        assert service.of(alice.id).opened is Least.ALL, "looking changes nothing: mail scanners look"
    answer = stranger.client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    page = stranger.read(answer)
    assert page.h1 == "You won't get these mails"
    assert "still get mail about assignments and escalations." in page.words
    assert stranger.client.post(path).status_code == 200
    opens(app)
    assert len(mails(app)) == 1
    with app.app_context():
        chosen = service.of(alice.id)
        assert [getattr(chosen, topic) for topic in Topic] == [
            Least.NEVER,
            Least.ALL,
            Least.ALL,
            Least.ALL,
        ]
        assert db.session.query(AuditEvent).filter_by(kind="mails_chosen").count() == 1


def test_a_link_that_was_changed_or_asks_for_more_ends_nothing(app, alice, stranger):
    opens(app)
    path = link(app)
    with app.app_context():
        call = service.link(alice.id, [Topic.GAVE_UP]).removeprefix("http://localhost")
        nobody = service.link(999, [Topic.OPENED]).removeprefix("http://localhost")
    for other in (path[:-1], path + "x", path.replace("/unsubscribe/", "/unsubscribe/x"), call, nobody):
        assert stranger.client.post(other).status_code == 404
    with app.app_context():
        assert service.of(alice.id).opened is Least.ALL


def test_the_queue_shows_what_waits_for_a_digest_and_what_came_in_one(app, log_in, alice):
    with app.app_context():
        root = stories.person("Root", Role.ADMIN)
    admin = log_in(root)
    opens(app, 4)
    with app.app_context():
        while message := outbox.claim("worker"):
            outbox.mark_sent(message.id, "worker")
    page = admin.get("/admin/mails")
    assert "Waits for a digest 2" in page.words
    assert "Comes with others in one mail" in admin.get("/admin/mails?state=collected").words
    with app.app_context(), time_machine.travel(now() + caps.COLLECT_FOR + timedelta(seconds=1)):
        assert digests.write_due() == 1
    page = admin.get("/admin/mails?state=digested")
    assert "Came with others in mail 5" in page.words
    assert [mail.state for mail in mails(app)].count(MailState.DIGESTED) == 2


def test_switching_off_all_is_possible_and_assignments_still_come(app, browser, alice, bob):
    with app.app_context():
        nothing = dict.fromkeys(Topic, Least.NEVER)
        service.choose(alice.id, reach=Reach.CONCERNED, least=nothing, is_collected=False)
    assert "You'll always get mail about assignments" in browser.get("/profile/mails").words
    opens(app)
    with app.app_context():
        incidents.assign(1, owner_id=alice.id, actor=bob.actor)
    assert [mail.kind for mail in mails(app)] == ["assigned"]


def test_the_queue_says_what_maintenance_holds(app, log_in):
    with app.app_context():
        root = stories.person("Root", Role.ADMIN)
        maintenance.plan(
            comment="Moving",
            matchers='alertname=~".+"',
            starts_at=now(),
            ends_at=now() + timedelta(hours=2, minutes=1),
            actor=SYSTEM,
        )
        stories.repairing(app.config["SETTINGS"], now())
    assert "Held by maintenance, leaves in 2 h" in log_in(root).get("/admin/mails").words
