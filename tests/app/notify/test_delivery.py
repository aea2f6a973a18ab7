"""Mails over real SMTP: down and up again, refused for good, cut after DATA."""

import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from aiosmtpd.controller import Controller
from flask import Flask

from app.clock import now
from app.config import Settings
from app.extensions import db
from app.incidents import queries, service
from app.notify import outbox
from app.records.actors import SYSTEM
from app.records.incidents import EventKind, Incident
from app.records.operations import WorkerHeartbeat
from app.records.outbox import MailState, OutboxMessage
from app.severities import Severity
from tests.app.notify.conftest import Sink


@pytest.fixture
def incident(context: None) -> Incident:
    return service.create(title="Café\u2028 closed", severity=Severity.HIGH, actor=SYSTEM)


def mail() -> OutboxMessage:
    db.session.rollback()
    return db.session.query(OutboxMessage).one()


@pytest.mark.fault("F19")
def test_a_mail_waits_while_the_server_is_down_and_leaves_when_it_is_up(
    send: Callable[[], int], incident: Incident, server: tuple[Sink, Controller]
) -> None:
    handler, controller = server
    assert send() == 0
    assert mail().state is MailState.WAITING
    assert "can't be reached" in (mail().last_error or "")
    controller.start()
    assert send() == 0, "the next try is later"
    with time_machine.travel(mail().next_at + timedelta(seconds=1), tick=False):
        assert send() == 1
    assert mail().state is MailState.SENT
    (received,) = handler.mails
    assert received["Message-ID"] == mail().message_id
    assert received["To"] == "oncall@example.org"
    assert received["References"] == f"<incident-{incident.id}@oims.example.org>"
    assert queries.timeline(incident.id)[-1].kind is EventKind.MAIL_SENT


def test_a_server_that_is_away_is_tried_with_one_mail_and_gets_all_later(
    send: Callable[[], int], context: None, server: tuple[Sink, Controller]
) -> None:
    for number in range(5):
        service.create(title=f"Café {number} closed", severity=Severity.HIGH, actor=SYSTEM)
    assert [send(), send()] == [0, 0]
    assert sum(db.session.scalars(db.select(OutboxMessage.attempts))) == 2
    server[1].start()
    assert send() == 3


@pytest.mark.fault("F19")
def test_a_mail_refused_for_good_is_a_dead_letter_that_can_be_retried(
    send: Callable[[], int], incident: Incident, server: tuple[Sink, Controller]
) -> None:
    handler, controller = server
    handler.reply = "550 no such person"
    controller.start()
    send()
    assert mail().state is MailState.DEAD
    assert queries.timeline(incident.id)[-1].kind is EventKind.MAIL_FAILED
    handler.reply = "250 OK"
    outbox.retry(mail().id, actor=SYSTEM)
    assert send() == 1


@pytest.mark.fault("F19")
def test_a_mail_refused_for_now_is_tried_for_hours_and_then_given_up(
    send: Callable[[], int], incident: Incident, server: tuple[Sink, Controller]
) -> None:
    handler, controller = server
    handler.reply = "451 later"
    controller.start()
    start, tries = now(), 0
    while mail().state is MailState.WAITING:
        with time_machine.travel(mail().next_at, tick=False):
            send()
        tries += 1
        assert tries < 100
    assert mail().state is MailState.DEAD
    assert mail().next_at - start > timedelta(hours=22)


@pytest.mark.fault("F20")
@pytest.mark.compatible("C9")
def test_a_mail_cut_off_after_its_data_is_sent_again_under_the_same_message_id(
    send: Callable[[], int], incident: Incident, server: tuple[Sink, Controller]
) -> None:
    handler, controller = server
    handler.cuts = True
    controller.start()
    assert send() == 0
    handler.cuts = False
    with time_machine.travel(mail().next_at + timedelta(seconds=1), tick=False):
        assert send() == 1
    first, second = handler.mails
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.fault("F20")
def test_a_claim_of_a_dead_worker_is_taken_over_and_the_late_one_changes_nothing(
    incident: Incident,
) -> None:
    claimed = outbox.claim("worker-1")
    assert claimed is not None
    assert outbox.claim("worker-2") is None
    with time_machine.travel(now() + outbox.CLAIM_FOR + timedelta(seconds=1), tick=False):
        assert outbox.claim("worker-2") is not None
    outbox.mark_sent(claimed.id, "worker-1")
    assert mail().state is MailState.SENDING


@pytest.mark.fault("F20")
def test_a_claim_of_a_silent_worker_is_taken_over_after_a_minute(
    incident: Incident,
) -> None:
    def beat() -> None:
        db.session.merge(WorkerHeartbeat(worker="worker-1", at=now()))
        db.session.commit()

    beat()
    assert outbox.claim("worker-1") is not None
    with time_machine.travel(now() + outbox.DEAD_AFTER + timedelta(seconds=1), tick=False):
        beat()
        assert outbox.claim("worker-2") is None, "it lives, and the mail server may be slow"
    with time_machine.travel(now() + 2 * outbox.DEAD_AFTER + timedelta(seconds=2), tick=False):
        assert outbox.claim("worker-2") is not None


def test_without_a_mail_server_no_mail_waits(app: Flask, make_settings: Any, make_app: Any) -> None:
    with make_app(make_settings(smtp_host="", mail_to="oncall@example.org")).app_context():
        service.create(title="Quiet", severity=Severity.LOW, actor=SYSTEM)
        assert db.session.query(OutboxMessage).count() == 0


@pytest.mark.usefixtures("context")
def test_who_changes_an_incident_never_waits_for_the_mail_server(settings: Settings, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as deaf:
        deaf.settimeout(0)
        service.create(title="Down", severity=Severity.HIGH, actor=SYSTEM)
        assert mail().state is MailState.WAITING
        with pytest.raises(BlockingIOError):
            deaf.accept()
