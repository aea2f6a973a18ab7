"""Related incidents: links between them, and duplicates that are merged into another one."""

from collections.abc import Sequence

from sqlalchemy import delete, or_, select

from app.clock import now
from app.database import transaction
from app.errors import InvalidInput
from app.escalations import calls
from app.extensions import db
from app.incidents import changes, queries, service
from app.records import timeline
from app.records.actors import Actor
from app.records.entries import Linked, Merged, Unlinked
from app.records.incidents import Incident, IncidentLink
from app.records.lifecycle import Action, State


def merge(incident_id: int, *, into: int, actor: Actor, version: int | None = None) -> Incident:
    """Close a duplicate: the other incident goes on for it, and hears of its alert. Nobody gets a mail.

    Raises:
        InvalidInput: there is no such other incident, or it is resolved.
        InvalidTransition: the duplicate is resolved already.

    """
    if into == incident_id:
        raise _wrong("into", "An incident can't be merged into itself.")
    with transaction():
        first, second = _both(incident_id, into, "into")
        duplicate, other = (first, second) if first.id == incident_id else (second, first)
        service.compare(duplicate, version)
        if other.state is State.RESOLVED:
            raise _wrong("into", f"Incident {into} is resolved; reopen it first.")
        changes.move(duplicate, Action.RESOLVE)
        duplicate.resolved_at = now()
        duplicate.merged_into_id = other.id
        summary = f"{actor.name} merged it into incident {other.id}, which goes on for it."
        timeline.record(duplicate.id, Merged(into=other.id), actor, summary)
        summary = f"{actor.name} merged incident {duplicate.id} into this one: {duplicate.title}"
        timeline.record(other.id, Merged(merged=duplicate.id), actor, summary)
        calls.settle(duplicate)
        changes.drop_held_mails(duplicate)
    return duplicate


def duplicates(incident_id: int) -> Sequence[Incident]:
    """Return the incidents that were merged into this one."""
    statement = select(Incident).where(Incident.merged_into_id == incident_id).order_by(Incident.id)
    return db.session.scalars(statement).all()


def link(incident_id: int, *, other_id: int, actor: Actor) -> Incident:
    """Relate two incidents; an existing link stays as it is.

    Raises:
        InvalidInput: there is no such other incident, or it is the same one.

    """
    if other_id == incident_id:
        raise _wrong("other", "An incident can't be linked to itself.")
    with transaction():
        lower, higher = _both(incident_id, other_id, "other")
        if db.session.get(IncidentLink, (lower.id, higher.id)) is None:
            db.session.add(IncidentLink(lower_id=lower.id, higher_id=higher.id))
            for one, other in ((lower, higher), (higher, lower)):
                summary = f"{actor.name} linked it to incident {other.id}: {other.title}"
                timeline.record(one.id, Linked(other=other.id), actor, summary)
    return lower if lower.id == incident_id else higher


def unlink(incident_id: int, *, other_id: int, actor: Actor) -> Incident:
    """Take a link away; one that isn't there changes nothing."""
    with transaction():
        lower, higher = _both(incident_id, other_id, "other")
        found = db.session.execute(
            delete(IncidentLink)
            .where(IncidentLink.lower_id == lower.id, IncidentLink.higher_id == higher.id)
            .returning(IncidentLink.lower_id)
        ).all()
        for one, other in ((lower, higher), (higher, lower)) if found else ():
            summary = f"{actor.name} took the link to incident {other.id} away."
            timeline.record(one.id, Unlinked(other=other.id), actor, summary)
    return lower if lower.id == incident_id else higher


def linked(incident_id: int) -> Sequence[Incident]:
    """Return the incidents that people linked to this one, newest first."""
    statement = (
        select(Incident)
        .join(
            IncidentLink,
            or_(
                (IncidentLink.lower_id == incident_id) & (IncidentLink.higher_id == Incident.id),
                (IncidentLink.higher_id == incident_id) & (IncidentLink.lower_id == Incident.id),
            ),
        )
        .order_by(Incident.id.desc())
    )
    return db.session.scalars(statement).all()


def goes_on(incident: Incident) -> Incident | None:
    """Return the unresolved incident that goes on for a duplicate, or nothing."""
    seen = {incident.id}
    other: Incident | None = incident
    while other is not None and other.merged_into_id is not None and other.merged_into_id not in seen:
        seen.add(other.merged_into_id)
        other = db.session.get(Incident, other.merged_into_id)
    is_other = other is not None and other.id != incident.id and other.state is not State.RESOLVED
    return other if is_other else None


def _both(incident_id: int, other_id: int, field: str) -> tuple[Incident, Incident]:
    """Lock an incident and the other one that ``field`` names, always in the same order."""
    if queries.find(other_id) is None:
        raise _wrong(field, f"There is no incident {other_id}.")
    first, second = sorted((incident_id, other_id))
    return timeline.lock(first), timeline.lock(second)


def _wrong(field: str, message: str) -> InvalidInput:
    return InvalidInput(message, [{"field": field, "message": message}])
