"""What was collected for a person, in one mail: every incident with what happened, and its link."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from app.clock import now
from app.database import transaction
from app.extensions import db
from app.formats import clock_time
from app.notify import caps, outbox
from app.notify.incident_mails import VERBS, base_url, choose_url, unsubscribe_url, written
from app.records.accounts import User
from app.records.incidents import Incident
from app.records.lifecycle import State
from app.records.outbox import MailKind, MailState, OutboxMessage
from app.severities import Severity

MOST = 500
"""Mails that one digest stands for; what is more comes in the next one at once."""


@dataclass(frozen=True)
class Line:
    """One incident in a digest."""

    incident: Incident
    news: str
    url: str


def write_due() -> int:
    """Write the digests whose time has come, each in a transaction of its own; return how many."""
    due = (OutboxMessage.state == MailState.COLLECTED, OutboxMessage.next_at <= now())
    recipients = db.session.scalars(select(OutboxMessage.recipient).where(*due).distinct()).all()
    return sum(_write(recipient) for recipient in recipients)


def _write(recipient: str) -> bool:
    """Write a person's digest; of two workers one finds the mails still collected."""
    with transaction():
        statement = (
            select(OutboxMessage)
            .where(OutboxMessage.recipient == recipient, OutboxMessage.state == MailState.COLLECTED)
            .order_by(OutboxMessage.incident_id, OutboxMessage.id)
            .limit(MOST)
            .with_for_update()
        )
        mails = db.session.scalars(statement).all()
        if not mails:
            return False
        digest = _post(recipient, mails)
        db.session.flush()
        for mail in mails:
            mail.state = MailState.DIGESTED
            mail.digest_id = digest.id
        for mail in mails:
            outbox.record_when_all_are_done(mail)
    return True


def _post(recipient: str, mails: Sequence[OutboxMessage]) -> OutboxMessage:
    user_id = db.session.scalar(select(User.id).where(User.email == recipient.lower()))
    lines = _lines(mails)
    is_chosen = caps.wants_digests(recipient)
    over = f"more than {caps.cap()} mails about incidents went to you within an hour"
    still_open = sum(line.incident.state is not State.RESOLVED for line in lines)
    ended = len(lines) - still_open
    states = [f"{count} {word}" for count, word in ((still_open, "open"), (ended, "resolved")) if count]
    words = written(
        MailKind.DIGEST,
        recipient,
        subject=f"[OIMS] {_counted(len(lines), 'incident')} in one mail: {', '.join(states)}",
        template="digest",
        context={
            "lead": f"{_counted(len(mails), 'mail')} about {_counted(len(lines), 'incident')}, in one.",
            "lines": lines,
            "why": "you asked for the news in digests" if is_chosen else over,
            "choose_url": choose_url(user_id),
        },
        unsubscribe_url=unsubscribe_url(user_id, MailKind.DIGEST),
    )
    digest = OutboxMessage(**words)
    db.session.add(digest)
    return digest


def _lines(mails: Sequence[OutboxMessage]) -> Sequence[Line]:
    """Return a line for each incident: the unresolved first, then the worst, then the oldest."""
    news: dict[int, list[str]] = {}
    for mail in mails:
        told = f"{VERBS[mail.kind].lower()} {clock_time(mail.created_at)}"
        news.setdefault(mail.incident_id or 0, []).append(told)
    incidents = db.session.scalars(select(Incident).where(Incident.id.in_(news))).all()
    lines = [
        Line(incident, ", ".join(news[incident.id]), f"{base_url()}/incidents/{incident.id}")
        for incident in incidents
    ]
    return sorted(lines, key=_rank)


def _rank(line: Line) -> tuple[bool, int, int]:
    incident = line.incident
    return incident.state is State.RESOLVED, list(Severity).index(incident.severity), incident.id


def _counted(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count} {noun}s"
