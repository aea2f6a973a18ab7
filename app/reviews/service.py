"""Writing a review, and its follow-ups."""

from datetime import date

from app.accounts import service as accounts
from app.clock import now
from app.database import transaction
from app.errors import InvalidInput, NotFound
from app.extensions import db
from app.incidents import service
from app.paging import MAX_ID
from app.records import timeline
from app.records.actors import Actor
from app.records.entries import FollowUpChanged, Reviewed
from app.records.incidents import FollowUp, Incident
from app.text import entered
from contract import limits

MAX_FOLLOW_UP = limits.COMMENT
MOST_FOLLOW_UPS = 50


def write(
    incident_id: int, *, summary: str, cause: str, actor: Actor, version: int | None = None
) -> Incident:
    """Say what happened and why.

    Raises:
        InvalidInput: one of them is too long.
        EditConflict: the incident has changed since the person saw it.

    """
    summary = entered("summary", summary, service.MAX_TEXT)
    cause = entered("cause", cause, service.MAX_TEXT)
    with transaction():
        incident = timeline.lock(incident_id)
        service.compare(incident, version)
        if (incident.summary, incident.cause) != (summary, cause):
            incident.summary, incident.cause = summary, cause
            incident.version += 1
            timeline.record(incident.id, Reviewed(), actor, f"{actor.name} wrote the review.")
    return incident


def add_follow_up(
    incident_id: int, *, text: str, owner_id: int | None, due_on: date | None, actor: Actor
) -> FollowUp:
    """Say what is to be done, by whom and until when.

    Raises:
        InvalidInput: nothing is said, there are too many, or the owner can't own incidents.

    """
    text = entered("text", " ".join(text.split()), MAX_FOLLOW_UP, required=True)
    with transaction():
        incident = timeline.lock(incident_id)
        if db.session.query(FollowUp).filter_by(incident_id=incident.id).count() >= MOST_FOLLOW_UPS:
            message = f"An incident has at most {MOST_FOLLOW_UPS} follow-ups."
            raise InvalidInput(message, [{"field": "text", "message": message}])
        owner = next((person for person in accounts.assignable() if person.id == owner_id), None)
        if owner is None and owner_id is not None:
            message = "Nobody active with this id can own a follow-up."
            raise InvalidInput(message, [{"field": "owner", "message": message}])
        item = FollowUp(incident_id=incident.id, text=text, owner=owner, due_on=due_on)
        db.session.add(item)
        db.session.flush()
        whom = f" for {owner.name}" if owner else ""
        summary = f"{actor.name} added a follow-up{whom}: {text}"
        timeline.record(incident.id, FollowUpChanged(reason=text), actor, summary)
    return item


def settle(incident_id: int, item_id: int, *, is_done: bool, actor: Actor) -> FollowUp:
    """Mark a follow-up as done, or as not done after all.

    Raises:
        NotFound: the incident has no such follow-up.

    """
    with transaction():
        incident = timeline.lock(incident_id)
        item = db.session.get(FollowUp, item_id) if item_id <= MAX_ID else None
        if item is None or item.incident_id != incident.id:
            raise NotFound(f"Incident {incident_id} has no follow-up {item_id}.")
        if (item.done_at is not None) is not is_done:
            item.done_at = now() if is_done else None
            verb = "did a follow-up" if is_done else "opened a follow-up again"
            summary = f"{actor.name} {verb}: {item.text}"
            timeline.record(incident.id, FollowUpChanged(reason=item.text), actor, summary)
    return item
