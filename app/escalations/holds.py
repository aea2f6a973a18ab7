"""What holds pages back for now: maintenance, and an alert that flaps."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.escalations.steps import Hold
from app.extensions import db
from app.formats import exact
from app.maintenance import queries as maintenance
from app.records.escalations import Escalation, Page
from app.records.incidents import EventKind, Incident, TimelineEvent

HOUR = timedelta(hours=1)
FLAPS = 2
"""An incident flaps when it was reopened so often within an hour; mails go by the same number."""


def of(escalation: Escalation, incident: Incident, moment: datetime) -> Hold | None:
    """Return what holds the pages about an incident, if something does."""
    window = maintenance.holding(incident.labels | incident.tags)
    if window is not None:
        reason = f"Maintenance holds pages until {exact(window.until)}: {window.window.comment}"
        return Hold("maintenance", reason, window.until)
    return _flapping(incident, moment) if escalation.paged_at is None else None


def _flapping(incident: Incident, moment: datetime) -> Hold | None:
    """Return a hold where people were paged within the hour about an incident that keeps coming back."""
    reopened = select(func.count()).where(
        TimelineEvent.incident_id == incident.id,
        TimelineEvent.kind == EventKind.REOPENED,
        TimelineEvent.at > moment - HOUR,
    )
    paged = select(func.max(Page.at)).where(
        Page.incident_id == incident.id, Page.is_sent, Page.at > moment - HOUR
    )
    last = db.session.scalar(paged)
    count = (db.session.scalar(reopened) or 0) if last is not None else 0
    if last is None or count < FLAPS:
        return None
    reason = (
        f"It flaps: it was reopened {count} times within an hour, and somebody was paged at {exact(last)}."
    )
    return Hold("flapping", reason, last + HOUR)
