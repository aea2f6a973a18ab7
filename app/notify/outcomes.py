"""What became of messages to people: told to the incident's timeline, and to whoever asked to be told."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, current_app
from sqlalchemy import select

from app.clock import now
from app.extensions import db
from app.records import timeline
from app.records.actors import SYSTEM
from app.records.channels import Channel
from app.records.entries import MailSent
from app.records.outbox import MailKind, MailState, OutboxMessage

LISTENERS = "listeners_for_outcomes"


@dataclass(frozen=True)
class Outcome:
    """What became of one message.

    Attributes:
        reference: what its writer knows it by.
        batch: the messages that one call of `people.notify` wrote.
        is_delivered: it was taken; else it is given up for good.
        is_last: nothing of its batch waits any more, and nothing of it was delivered.
        way: by what it went, in words.
        reason: why it was given up.

    """

    reference: str
    batch: str
    is_delivered: bool
    is_last: bool
    way: str
    reason: str


type Listener = Callable[[Outcome], None]


def listen(app: Flask, listener: Listener) -> None:
    """Have ``listener`` called with each outcome of a message that has a reference, in its transaction."""
    app.extensions.setdefault(LISTENERS, []).append(listener)


def tell(message: OutboxMessage) -> None:
    """Tell the listeners of a message that was delivered, or given up for good."""
    if message.reference is None:
        return
    db.session.flush()
    is_delivered = message.state is MailState.SENT
    states = set(db.session.scalars(select(OutboxMessage.state).where(OutboxMessage.batch == message.batch)))
    outcome = Outcome(
        reference=message.reference,
        batch=message.batch,
        is_delivered=is_delivered,
        is_last=not states & {MailState.WAITING, MailState.SENDING, MailState.SENT},
        way=way(message),
        reason=message.last_error or "",
    )
    for listener in current_app.extensions.get(LISTENERS, ()):
        listener(outcome)


def bring_next_forward(message: OutboxMessage) -> None:
    """Let the next page of a batch leave now: the way of this one has trouble."""
    if message.kind is not MailKind.PAGE:
        return
    statement = (
        select(OutboxMessage)
        .where(
            OutboxMessage.batch == message.batch,
            OutboxMessage.id > message.id,
            OutboxMessage.state == MailState.WAITING,
            OutboxMessage.attempts == 0,
            OutboxMessage.next_at > now(),
        )
        .order_by(OutboxMessage.next_at, OutboxMessage.id)
        .limit(1)
    )
    following = db.session.scalar(statement)
    if following is not None and message.attempts == 1:
        following.next_at = now()


def record_page(message: OutboxMessage) -> None:
    """Write on the timeline that a page left, and by what."""
    if message.incident_id is None:
        return
    timeline.lock(message.incident_id)
    summary = f"Page sent to {message.recipient} by {way(message)}."
    timeline.record(message.incident_id, MailSent(mail_kind=message.kind), SYSTEM, summary)


def way(message: OutboxMessage) -> str:
    """Return in words by what a message goes."""
    if message.channel is Channel.MAIL:
        return "mail"
    return str((message.payload or {}).get("way") or message.channel.replace("_", " "))
