"""The form of a mail is what the server takes; a server may take its time, and gets one copy."""

import re
from datetime import timedelta
from email import message_from_bytes, policy
from types import SimpleNamespace

import pytest

from app.clock import now
from app.extensions import db
from app.incidents import service
from app.notify import outbox
from app.notify.encoding import ascii_domain, compose
from app.notify.smtp import Phase
from app.records.actors import SYSTEM
from app.records.outbox import MailState, OutboxMessage
from app.severities import Severity

GERMAN = "Störung der Datenbank, Verbindungen zu db-1 schlagen fehl, die Warteschlange wächst " * 2
WORD = re.compile(rb"=\?utf-8\?[qb]\?[^?]*\?=")


def written(subject, **form):
    message = SimpleNamespace(
        recipient="a@exämple.org",
        subject=subject,
        created_at=now(),
        message_id=f"<{'i' * 90}@oims.example.org>",
        thread_id=f"<{'t' * 90}@oims.example.org>",
        unsubscribe_url=None,
        text="ä",
        html="ä",
    )
    return compose(message, "OIMS <oims@example.org>", **form).as_bytes()


@pytest.mark.parametrize(
    "subject",
    [
        GERMAN[:190],
        "磁盘空间不足" * 30,
        "🔥" * 90,
        "plain words " * 16,
        "x" * 900,
        "ä" * 1000,
        "👩\u200d🚒 e\u0301 " * 100,
        "=?utf-8?q?no=20word?= =?x?b?",
    ],
)
def test_a_subject_folds_and_reads_as_it_was_written(subject):
    content = written(subject)
    assert message_from_bytes(content, policy=policy.default)["Subject"].strip() == subject.strip()
    head, _, _ = content.partition(b"\r\n\r\n")
    assert all(len(word) <= 75 for word in WORD.findall(head))
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))
    assert b"Message-ID: <" + b"i" * 90 in head


def test_a_subject_that_looks_encoded_is_kept_where_headers_are_utf_8():
    subject = "=?utf-8?q?no=20word?= käse"
    content = written(subject, is_utf8=True)
    assert message_from_bytes(content, policy=policy.default)["Subject"] == subject


def test_without_8bitmime_a_mail_is_in_7_bits():
    assert written("x").isascii()
    assert not written("x", is_8bit=True).isascii()


def test_a_domain_is_written_in_ascii():
    assert ascii_domain("jörg@exämple.org") == "jörg@xn--exmple-cua.org"
    with pytest.raises(ValueError, match="address"):
        ascii_domain("nobody")


def test_each_phase_has_the_time_of_the_standard():
    least = {"GREETING": 300, "SENDER": 300, "RECIPIENT": 300, "DATA": 120, "CONTENT": 180, "END": 600}
    assert {name: Phase[name].patience_s for name in least} == least


@pytest.fixture
def incident(context):
    return service.create(title="Café closed", severity=Severity.HIGH, actor=SYSTEM)


def mail():
    db.session.rollback()
    return db.session.query(OutboxMessage).one()


def test_a_mail_that_may_have_arrived_is_not_repeated_at_once(send, incident, sink, clock):
    sink.cuts = True
    assert send() == 0
    assert len(sink.mails) == 1
    assert mail().next_at >= now() + outbox.UNCERTAIN_DELAY
    assert "waiting for the answer to the whole mail: it closed the connection" in mail().last_error
    clock.shift(timedelta(minutes=1))
    send()
    assert len(sink.mails) == 1


def test_a_mail_that_is_refused_in_one_form_is_tried_in_the_other(send, incident, server, monkeypatch):
    handler, controller = server
    taken = handler.handle_DATA

    async def handle(server, session, envelope):
        if not bytes(envelope.content).isascii():
            return "554 5.6.1 no 8-bit data"
        return await taken(server, session, envelope)

    monkeypatch.setattr(handler, "handle_DATA", handle)
    controller.start()
    assert send() == 1
    assert mail().state is MailState.SENT
    assert b"quoted-printable" in handler.raw[0]


def test_an_error_names_the_phase_and_its_one_cause(send, incident):
    send()
    assert re.fullmatch(
        r"The mail server 127.0.0.1:\d+ can't be reached: connection refused.", mail().last_error
    )
