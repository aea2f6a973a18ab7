"""Where an entry stands on a timeline: an effect after its cause, whichever was heard of first.

An alert stands where the journal received it, since automation hears of it there as well; what automation
reports stands where it happened, but never before the alert that it is about.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select

from app.database import is_reading_once, once, remember
from app.extensions import db
from app.records import rows
from app.records.actors import Actor, ActorKind
from app.records.incidents import EventKind, Incident, TimelineEvent

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
"""How many of an incident's newest entries may be the cause of what is reported now, or stand last."""


def of_alert(incident_id: int | None, received_at: datetime) -> datetime:
    """Return the place of what an alert does to an incident; none: it opens a new one.

    It can't stand before what people or other alerts had done when it took effect.
    """
    last = None if incident_id is None else _last(incident_id)
    return received_at if last is None else max(received_at, last)


def learn(incident_ids: Collection[int]) -> None:
    """Look up at once where the last entries of these incidents stand; within `reading_once`."""
    for incident_id, place in _last_of_each(incident_ids).items():
        remember(_name(incident_id), place)


def begin(incident_id: int) -> None:
    """Know of a new incident that it has no entry yet; within `reading_once`."""
    remember(_name(incident_id), None)


def keep(incident_id: int, kind: EventKind, actor: Actor, place: datetime, seq: int | None) -> None:
    """Keep in mind where a new entry stands, which may not be stored yet; within `reading_once`.

    ``seq`` is the journal's number of the event that the entry tells of, if it does.
    """
    if not is_reading_once():
        return
    if kind in FROM_ALERTS and seq is not None:
        remember(_cause(incident_id), (seq, place))
    if actor.kind is not ActorKind.AUTOMATION:
        last = _last(incident_id)
        remember(_name(incident_id), place if last is None else max(last, place))


def _name(incident_id: int) -> str:
    return f"place {incident_id}"


def _cause(incident_id: int) -> str:
    return f"cause {incident_id}"


def _last(incident_id: int) -> datetime | None:
    return once(_name(incident_id), lambda: _last_of_each([incident_id]).get(incident_id))


def _last_of_each(incident_ids: Collection[int]) -> dict[int, datetime | None]:
    """Return for each incident where the last entry stands that is not automation's.

    The newest entries are looked at: one before them would have to stand in the future.
    """
    newest = (
        select(PLACE.label("place"))
        .where(TimelineEvent.incident_id == Incident.id, TimelineEvent.actor_kind != ActorKind.AUTOMATION)
        .order_by(TimelineEvent.at.desc(), TimelineEvent.id.desc())
        .limit(LOOKED_AT)
        .correlate(Incident)
        .subquery()
    )
    last = select(func.max(newest.c.place)).correlate(Incident).scalar_subquery()
    statement = select(Incident.id, last.label("place")).where(Incident.id.in_(incident_ids))
    return {row.id: row.place for row in db.session.execute(statement)}


def of_report(incident_id: int, seq: int, at: datetime) -> datetime:
    """Return the place of what automation did at a time because of an event of the journal."""
    newest: tuple[int, datetime] | None = once(_cause(incident_id), lambda: None)
    if newest and newest[0] <= seq:
        return max(at, newest[1])
    if newest:
        rows.insert_gathered()  # the cause may be among them
    place = _of_cause(incident_id, seq)
    return at if place is None else max(at, place)


def _of_cause(incident_id: int, seq: int) -> datetime | None:
    """Return where the last entry stands that an event up to this one caused, if it is among the newest."""
    statement = (
        select(PLACE.label("place"), TimelineEvent.data)
        .where(TimelineEvent.incident_id == incident_id, TimelineEvent.kind.in_(FROM_ALERTS))
        .order_by(TimelineEvent.id.desc())
        .limit(LOOKED_AT)
    )
    # What is gathered was inserted if it matters here; other changes are none of a timeline's entries.
    options = {"autoflush": not is_reading_once()}
    found = db.session.execute(statement, execution_options=options)
    return next((row.place for row in found if row.data.get("seq", seq + 1) <= seq), None)
