"""What tests of outages do and look at."""

from sqlalchemy import select

from app.alerts.consumer import Answer, _take
from app.alerts.outage import Watch
from app.config import Settings
from app.extensions import db
from app.records.incidents import Incident, TimelineEvent
from app.records.outbox import MailKind, OutboxMessage


class Steady:
    """A steady clock that a test moves."""

    def __init__(self) -> None:
        self.at = 1000.0

    def monotonic(self) -> float:
        return self.at


def read(settings: Settings, watchdog_age_s: float | None = None) -> None:
    """Let some worker read the journal to its end."""
    _take(0, Answer(events=[], last_seq=0, watchdog_age_s=watchdog_age_s), settings)


def miss(settings: Settings, steady: Steady, seconds: float = 150, *, is_answered: bool = False) -> None:
    """Let a worker that has just started find no journal for a time."""
    watch = Watch(settings)
    watch.missed(is_answered=is_answered)
    steady.at += seconds
    watch.missed(is_answered=is_answered)


def incidents() -> list[Incident]:
    db.session.rollback()
    return list(db.session.scalars(select(Incident).order_by(Incident.id)))


def told(incident: Incident) -> list[str]:
    rows = select(TimelineEvent).where(TimelineEvent.incident_id == incident.id).order_by(TimelineEvent.id)
    return [item.summary for item in db.session.scalars(rows)]


def mails() -> list[tuple[MailKind, str]]:
    rows = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
    return [(mail.kind, mail.recipient) for mail in rows]


def to_all(kind: MailKind) -> list[tuple[MailKind, str]]:
    return [(kind, "oncall@example.org"), (kind, "lead@example.org")]
