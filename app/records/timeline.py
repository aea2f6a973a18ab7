"""The timeline of an incident: each change adds its entry in the transaction of the change."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from flask import Flask, current_app
from sqlalchemy import select

from app.clock import now
from app.database import once, remember
from app.errors import NotFound
from app.extensions import db
from app.paging import MAX_ID
from app.records import rows, timeline_order
from app.records.actors import Actor
from app.records.entries import Entry
from app.records.incidents import Incident, TimelineEvent

FOLLOWERS = "followers_of_the_timeline"

type Follower = Callable[[int, Entry, Actor, str, datetime], None]


def follow(app: Flask, follower: Follower) -> None:
    """Have ``follower`` called with each new entry, in the transaction of the change."""
    app.extensions.setdefault(FOLLOWERS, []).append(follower)


def lock(incident_id: int) -> Incident:
    """Load an incident so that nobody else can change it before the commit.

    Raises:
        NotFound: there is none with this id.

    """
    return once(_locked(incident_id), lambda: _lock(incident_id))


def hold(incidents: Collection[Incident]) -> None:
    """Let `lock` know that these are locked already; within `reading_once`."""
    for incident in incidents:
        remember(_locked(incident.id), incident)


def _locked(incident_id: int) -> str:
    return f"locked {incident_id}"


def _lock(incident_id: int) -> Incident:
    statement = select(Incident).where(Incident.id == incident_id).with_for_update(of=Incident)
    options = {"populate_existing": True}
    incident = db.session.scalar(statement, execution_options=options) if incident_id <= MAX_ID else None
    if incident is None:
        raise NotFound(f"There is no incident {incident_id}.")
    return incident


def lock_all(ids: Collection[int]) -> Sequence[Incident]:
    """Load incidents so that nobody else can change them before the commit, always in the same order."""
    statement = select(Incident).where(Incident.id.in_(ids)).order_by(Incident.id)
    statement = statement.with_for_update(of=Incident)
    return db.session.scalars(statement, execution_options={"populate_existing": True}).all()


def record(
    incident_id: int,
    entry: Entry,
    actor: Actor,
    summary: str,
    *,
    at: datetime | None = None,
    place: datetime | None = None,
) -> None:
    """Add a timeline entry; ``at`` is when it happened, if that was before now, ``place`` where it stands."""
    db.session.get_one(Incident, incident_id).updated_at = now()
    enter(incident_id, entry, actor, summary, at=at or now(), place=place)


def enter(
    incident_id: int,
    entry: Entry,
    actor: Actor,
    summary: str,
    *,
    at: datetime,
    place: datetime | None,
) -> None:
    """Add the entry of a change to an incident whose row the caller writes; see `record`."""
    data = entry.data()
    timeline_order.keep(incident_id, entry.kind, actor, place or at, data.get("seq"))
    rows.add(
        TimelineEvent,
        incident_id=incident_id,
        at=at,
        ordered_at=None if place == at else place,
        kind=entry.kind,
        actor_kind=actor.kind,
        actor_name=actor.name,
        actor_id=actor.user_id,
        summary=summary,
        data=data,
    )
    for follower in current_app.extensions.get(FOLLOWERS, ()):
        follower(incident_id, entry, actor, summary, at)
