"""So many mails about incidents an hour go to a person one by one; what is more waits for a digest.

So does the news of an incident that flaps, whatever the cap. Calls and news are counted apart, each up to the
cap: a storm of news never holds back a call, and a flood of calls is no mail bomb either.
"""

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, func, select, true, update

from app.clock import now
from app.extensions import db
from app.records.accounts import User
from app.records.incidents import EventKind, TimelineEvent
from app.records.outbox import CALLS, NEWS, MailKind, MailState, OutboxMessage
from app.records.subscriptions import MailSubscription

HOUR = timedelta(hours=1)
COLLECT_FOR = timedelta(minutes=15)
"""From the first mail that is collected to the digest."""
FLAPS = 2
"""An incident flaps when it was reopened so often within an hour."""


def cap() -> int:
    """Return how many mails of a sort go to a person within an hour."""
    return int(current_app.config["SETTINGS"].mail_cap)


def collect(message: OutboxMessage) -> bool:
    """Collect a due mail, and all due ones like it to the same person, if that person has had enough.

    Of an incident that flaps, all that is due is collected, and nothing of others. A mail that may be with
    the mail server already goes on its own way. With several workers each may send one more than the cap.
    """
    kinds = next((kinds for kinds in (CALLS, NEWS) if message.kind in kinds), None)
    if kinds is None or message.state is not MailState.WAITING:
        return False
    moment = now()
    alike: ColumnElement[bool] = true()
    if _left(message.recipient, kinds, moment) > 0:
        if kinds is not NEWS or not _flaps(message.incident_id, moment):
            return False
        alike = OutboxMessage.incident_id == message.incident_id
    due = db.session.scalar(
        select(func.min(OutboxMessage.next_at)).where(
            OutboxMessage.recipient == message.recipient, OutboxMessage.state == MailState.COLLECTED
        )
    )
    db.session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.recipient == message.recipient,
            OutboxMessage.kind.in_(kinds),
            OutboxMessage.state == MailState.WAITING,
            OutboxMessage.next_at <= moment,
            alike,
        )
        .values(state=MailState.COLLECTED, next_at=due or moment + COLLECT_FOR)
    )
    return True


def wants_digests(recipient: str) -> bool:
    """Say whether a person asked for news in digests only."""
    statement = select(MailSubscription.is_collected).join(User).where(User.email == recipient.lower())
    return bool(db.session.scalar(statement))


def _flaps(incident_id: int | None, moment: datetime) -> bool:
    reopened = select(func.count()).where(
        TimelineEvent.incident_id == incident_id,
        TimelineEvent.kind == EventKind.REOPENED,
        TimelineEvent.at > moment - HOUR,
    )
    return (db.session.scalar(reopened) or 0) >= FLAPS


def _left(recipient: str, kinds: frozenset[MailKind], moment: datetime) -> int:
    if kinds is NEWS and wants_digests(recipient):
        return 0
    counts = select(func.count()).where(OutboxMessage.recipient == recipient, OutboxMessage.kind.in_(kinds))
    sent = counts.where(OutboxMessage.state == MailState.SENT, OutboxMessage.sent_at > moment - HOUR)
    sending = counts.where(OutboxMessage.state == MailState.SENDING)
    return cap() - sum(db.session.scalar(statement) or 0 for statement in (sent, sending))
