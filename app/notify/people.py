"""Telling one person something: by the contact methods and at the times of the person's own rules."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app.extensions import db
from app.notify import preferences
from app.notify.account_mails import Letter
from app.notify.incident_mails import is_on, written
from app.notify.preferences import Step
from app.records.accounts import User, UserStatus
from app.records.channels import Channel, Urgency
from app.records.outbox import MailKind, MailState, OutboxMessage
from contract.text import one_line

KEEP_TRYING = timedelta(minutes=30)
"""A page of half an hour ago has long gone another way."""


@dataclass(frozen=True)
class Message:
    """What a person is told: a subject, sentences, and at most one link."""

    subject: str
    sentences: tuple[str, ...]
    why: str
    link: str = ""
    link_word: str = "Open the incident"
    incident_id: int | None = None


@dataclass(frozen=True)
class Way:
    """By what a person is told, and when at the earliest."""

    channel: Channel
    name: str
    at: datetime


@dataclass(frozen=True)
class Notified:
    """What was written: nothing if the account is not active, or no channel is on."""

    batch: str
    ways: Sequence[Way]


def notify(account_id: int, urgency: Urgency, message: Message, *, reference: str) -> Notified:
    """Write the messages that tell a person, each with its due time, in the caller's transaction.

    1. The person's rules for the urgency say which contact methods are used, and when. Who has none is told
       at once: of high urgency by everything that is proved, of low urgency by mail.
    2. Of low urgency, the quiet hours of the person are waited for. Nothing holds high urgency back.
    3. A method that fails has the next one tried at once; it is tried again itself for half an hour.
    4. ``reference`` is told back with each outcome, see `outcomes.listen`, and stops what waits, see `stop`.

    Mail is everybody's first method, and proved.
    """
    batch = secrets.token_hex(16)
    user = db.session.get(User, account_id)
    if user is None or user.status is not UserStatus.ACTIVE:
        return Notified(batch, ())
    steps = [step for step in preferences.steps(user, urgency) if step.method is not None or is_on()]
    return Notified(batch, [_write(user, message, step, batch, reference) for step in steps])


def stop(reference: str, reason: str) -> int:
    """Take back what still waits, in the caller's transaction; return how many messages that were.

    What is being sent just now may still arrive.
    """
    statement = select(OutboxMessage).where(
        OutboxMessage.reference == reference, OutboxMessage.state == MailState.WAITING
    )
    waiting = db.session.scalars(statement.with_for_update()).all()
    for message in waiting:
        message.state = MailState.SUPERSEDED
        message.last_error = one_line(reason, 500)
    return len(waiting)


def _write(user: User, message: Message, step: Step, batch: str, reference: str) -> Way:
    method = step.method
    letter = Letter(
        MailKind.PAGE,
        message.subject,
        message.sentences,
        why=message.why,
        link=message.link,
        link_word=message.link_word,
    )
    columns = written(
        MailKind.PAGE,
        user.email if method is None else user.name,
        subject=message.subject,
        template="letter",
        context={"letter": letter},
        leaves_at=step.at,
        keep_trying=KEEP_TRYING,
        batch=batch,
        reference=reference,
        incident_id=message.incident_id,
    )
    if method is not None:
        columns |= {
            "channel": method.kind.channel,
            "method_id": method.id,
            "text": "\n".join(message.sentences),
            "html": "",
            "payload": {"way": preferences.in_words(method), "link": message.link, "urgency": step.urgency},
        }
    row = OutboxMessage(**columns)
    db.session.add(row)
    db.session.flush()
    return Way(row.channel, preferences.in_words(method), step.at)
