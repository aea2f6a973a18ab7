"""Planning maintenance, and ending it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import select

from app.clock import now
from app.database import transaction
from app.errors import FieldError, InvalidInput, InvalidTransition
from app.extensions import db
from app.formats import exact
from app.maintenance import matching, queries
from app.records import audit, instructions
from app.records.actors import Actor
from app.records.audit_entries import MaintenanceEnded, MaintenancePlanned
from app.records.incidents import Incident
from app.records.maintenance import WEEK, MaintenanceWindow
from app.records.outbox import MailState, OutboxMessage
from app.text import entered
from contract import limits

MAX_COMMENT = limits.COMMENT
LONGEST = timedelta(days=31)
FURTHEST = timedelta(days=2 * 366)


def plan(
    *,
    comment: str,
    matchers: str,
    starts_at: datetime,
    ends_at: datetime,
    actor: Actor,
    until: datetime | None = None,
    zone: str = "UTC",
) -> MaintenanceWindow:
    """Plan a window; with ``until`` it comes back each week until then, at the same time of day in ``zone``.

    Times are aware. ``matchers`` are conditions in Alertmanager's syntax, of one line or several.

    Raises:
        InvalidInput: nothing is said why, a matcher is none, or the times make no window.

    """
    _check(starts_at, ends_at, until, zone)
    window = MaintenanceWindow(
        comment=entered("comment", comment, MAX_COMMENT, required=True),
        matchers=matching.read(matchers),
        starts_at=starts_at,
        ends_at=ends_at,
        is_weekly=until is not None,
        until=until or ends_at,
        zone=zone,
        created_by=actor.name,
        created_by_id=actor.user_id,
        created_by_email=actor.email,
    )
    window.until = window.last_end()
    with transaction():
        db.session.add(window)
        db.session.flush()
        instructions.grow()
        summary = f"{actor.name} planned maintenance {window.id}, {exact(starts_at)}: {window.comment}"
        audit.record(MaintenancePlanned(window=window.id), actor, summary)
    return window


def end(window_id: int, *, actor: Actor) -> MaintenanceWindow:
    """End a window now, or call off one that has not begun; the mails it holds go out.

    Raises:
        NotFound: there is none with this id.
        InvalidTransition: it is over already.

    """
    with transaction():
        window = queries.get(window_id, is_locked=True)
        moment = now()
        if window.until <= moment:
            raise InvalidTransition("This maintenance is over already.")
        window.until = moment
        window.ended_by, window.ended_by_id, window.ended_by_email = actor.name, actor.user_id, actor.email
        db.session.flush()
        _release(window)
        instructions.grow()
        summary = f"{actor.name} ended maintenance {window.id}: {window.comment}"
        audit.record(MaintenanceEnded(window=window.id), actor, summary)
    return window


def _release(window: MaintenanceWindow) -> None:
    """Let the mails go that the window held, unless another window holds them too."""
    statement = select(OutboxMessage).where(
        OutboxMessage.window_id == window.id, OutboxMessage.state == MailState.WAITING
    )
    for message in db.session.scalars(statement):
        incident = db.session.get_one(Incident, message.incident_id)
        hold = queries.holding(incident.labels | incident.tags)
        message.window_id = hold.window.id if hold else None
        message.next_at = hold.until if hold else now()


def _check(starts_at: datetime, ends_at: datetime, until: datetime | None, zone: str) -> None:
    errors: list[FieldError] = []
    if ends_at <= starts_at:
        errors.append({"field": "ends_at", "message": "The end must be after the start."})
    elif ends_at <= now() and until is None:
        errors.append({"field": "ends_at", "message": "This time is over already."})
    elif ends_at - starts_at > (LONGEST if until is None else WEEK):
        longest = "31 days" if until is None else "a week"
        errors.append({"field": "ends_at", "message": f"A window lasts at most {longest}."})
    if until is not None and not max(ends_at, now()) < until <= now() + FURTHEST:
        message = "The last day must be after the first window, and within two years."
        errors.append({"field": "until", "message": message})
    if starts_at > now() + FURTHEST:
        errors.append({"field": "starts_at", "message": "This is more than two years ahead."})
    if not _is_zone(zone):
        errors.append({"field": "zone", "message": "There is no time zone of this name."})
    if errors:
        raise InvalidInput(errors[0]["message"], errors)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
