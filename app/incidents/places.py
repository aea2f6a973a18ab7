"""Where an entry stands on a timeline: an effect after its cause, whichever was heard of first.

An alert stands where the journal received it, since automation hears of it there as well; what automation
reports stands where it happened, but never before the alert that it is about.
"""

from datetime import datetime

from sqlalchemy import func, select

from app.extensions import db
from app.incidents.actors import ActorKind
from app.incidents.models import EventKind, TimelineEvent

PLACE = func.coalesce(TimelineEvent.ordered_at, TimelineEvent.at)
FROM_ALERTS = (
    EventKind.OPENED,
    EventKind.REOPENED,
    EventKind.ALERT_FIRED,
    EventKind.ALERT_RESOLVED,
    EventKind.ALERT_CHANGED,
    EventKind.RESOLVED,
)
LOOKED_AT = 50
"""So many of an incident's last alert events may be the cause of what is reported now."""


def of_alert(incident_id: int | None, received_at: datetime) -> datetime:
    """Return the place of what an alert does to an incident; none: it opens a new one.

    It can't stand before what people or other alerts had done when it took effect.
    """
    if incident_id is None:
        return received_at
    statement = select(func.max(PLACE)).where(
        TimelineEvent.incident_id == incident_id, TimelineEvent.actor_kind != ActorKind.AUTOMATION
    )
    last = db.session.scalar(statement)
    return received_at if last is None else max(received_at, last)


def of_report(incident_id: int, seq: int, at: datetime) -> datetime:
    """Return the place of what automation did at a time because of an event of the journal."""
    statement = (
        select(TimelineEvent)
        .where(TimelineEvent.incident_id == incident_id, TimelineEvent.kind.in_(FROM_ALERTS))
        .order_by(TimelineEvent.id.desc())
        .limit(LOOKED_AT)
    )
    causes = (event.place for event in db.session.scalars(statement) if event.data.get("seq", seq + 1) <= seq)
    return max(at, next(causes, at))
