"""Telling one person something: by the person's rules, with what became of it told back."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from app.clock import now
from app.database import transaction
from app.extensions import db
from app.incidents import queries, service
from app.notify import outcomes, people
from app.notify.outcomes import Outcome
from app.notify.people import Message, Notified
from app.records.accounts import User, UserStatus
from app.records.actors import SYSTEM
from app.records.channels import Channel, NotificationRule, QuietHours, Urgency
from app.records.incidents import EventKind
from app.records.outbox import MailKind, MailState, OutboxMessage
from app.severities import Severity
from tests.app.notify.conftest import Sink

PAGE = Message("Checkout is down", ("Nobody has acknowledged it.",), why="you are on call", link="http://x/1")


def tell(user: User, urgency: Urgency = Urgency.HIGH, message: Message = PAGE) -> Notified:
    with transaction():
        return people.notify(user.id, urgency, message, reference="escalation 1 step 1")


def pages() -> list[OutboxMessage]:
    db.session.rollback()
    return list(db.session.scalars(db.select(OutboxMessage).where(OutboxMessage.kind == MailKind.PAGE)))


def rule(user: User, urgency: Urgency, after_s: int) -> None:
    with transaction():
        db.session.add(NotificationRule(user_id=user.id, urgency=urgency, method_id=None, after_s=after_s))


def test_a_person_without_rules_is_told_by_mail_at_once(
    send: Callable[[], int], alice: User, sink: Sink
) -> None:
    told = tell(alice)
    assert [(way.channel, way.name) for way in told.ways] == [(Channel.MAIL, "mail")]
    assert send() == 1
    (mail,) = sink.to(alice.email)
    assert mail["Subject"] == "Checkout is down"


def test_rules_say_when_a_person_is_told(send: Callable[[], int], alice: User, sink: Sink) -> None:
    rule(alice, Urgency.HIGH, 0)
    rule(alice, Urgency.HIGH, 120)
    tell(alice)
    assert send() == 1
    with time_machine.travel(now() + timedelta(seconds=121), tick=False):
        assert send() == 1


def test_what_is_stopped_before_it_leaves_is_superseded_with_the_reason(
    send: Callable[[], int], alice: User, sink: Sink
) -> None:
    rule(alice, Urgency.HIGH, 60)
    tell(alice)
    with transaction():
        assert people.stop("escalation 1 step 1", "Alice acknowledged it.") == 1
    with time_machine.travel(now() + timedelta(minutes=5), tick=False):
        assert send() == 0
    (page,) = pages()
    assert (page.state, page.last_error) == (MailState.SUPERSEDED, "Alice acknowledged it.")


def test_quiet_hours_hold_low_urgency_and_never_high(context: None, alice: User) -> None:
    with time_machine.travel("2026-11-28T23:30:00Z", tick=False):
        with transaction():
            db.session.add(QuietHours(user_id=alice.id, begin_minute=22 * 60, end_minute=7 * 60))
        (low,) = tell(alice, Urgency.LOW).ways
        (high,) = tell(alice, Urgency.HIGH).ways
        assert high.at == now()
        assert low.at == now() + timedelta(hours=7, minutes=30)


@pytest.mark.parametrize(
    ("zone", "moment", "end"),
    [
        ("UTC", "2026-11-28T06:59:00Z", "2026-11-28T07:00:00+00:00"),
        ("UTC", "2026-11-28T07:00:00Z", "2026-11-28T07:00:00+00:00"),
        ("Europe/Berlin", "2026-11-28T22:00:00Z", "2026-11-29T06:00:00+00:00"),
        ("Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T05:00:00+00:00"),
        ("Australia/Lord_Howe", "2026-04-04T14:00:00Z", "2026-04-04T20:30:00+00:00"),
    ],
)
def test_quiet_hours_end_by_the_persons_own_clock(alice: User, zone: str, moment: str, end: str) -> None:
    with time_machine.travel(moment, tick=False):
        with transaction():
            db.session.get_one(User, alice.id).timezone = zone
            db.session.add(QuietHours(user_id=alice.id, begin_minute=22 * 60, end_minute=7 * 60))
        (low,) = tell(alice, Urgency.LOW).ways
        assert low.at.isoformat() == end


def test_nobody_is_told_whose_account_is_not_active(context: None, alice: User) -> None:
    with transaction():
        db.session.get_one(User, alice.id).status = UserStatus.DISABLED
    assert tell(alice).ways == ()
    assert pages() == []


def test_what_became_of_a_message_is_told_back_in_its_transaction(
    app: Flask, send: Callable[[], int], alice: User, sink: Sink
) -> None:
    heard: list[Outcome] = []
    outcomes.listen(app, heard.append)
    sink.reply = "550 no such person"
    told = tell(alice)
    send()
    sink.reply = "250 OK"
    tell(alice)
    send()
    refused, taken = heard
    assert refused.reference == "escalation 1 step 1"
    assert refused.batch == told.batch
    assert (refused.is_delivered, refused.is_last) == (False, True)
    assert "550 no such person" in refused.reason
    assert taken.is_delivered


def test_a_refused_page_has_the_next_one_leave_at_once(
    app: Flask, send: Callable[[], int], alice: User, sink: Sink
) -> None:
    heard: list[Outcome] = []
    outcomes.listen(app, heard.append)
    rule(alice, Urgency.HIGH, 0)
    rule(alice, Urgency.HIGH, 600)
    sink.reply = "550 not now"
    tell(alice)
    send()
    assert [page.state for page in pages()] == [MailState.DEAD, MailState.DEAD]
    assert [outcome.is_last for outcome in heard] == [False, True]


def test_the_timeline_tells_who_was_paged_by_what(send: Callable[[], int], alice: User, sink: Sink) -> None:
    incident = service.create(title="Checkout is down", severity=Severity.HIGH, actor=SYSTEM)
    tell(alice, message=Message("Checkout is down", ("Now.",), why="on call", incident_id=incident.id))
    send()
    told = [entry.summary for entry in queries.timeline(incident.id) if entry.kind is EventKind.MAIL_SENT]
    assert f"Page sent to {alice.email} by mail." in told
