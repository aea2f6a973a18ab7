"""What people and programs can do to an incident: each is one transaction with its entry and its mails.

``version`` is the incident's version the person looked at. If it has changed since, nothing happens and
``EditConflict`` says what happened in between. Programs that don't look first leave it out.
"""

from sqlalchemy import select

from app.clock import now
from app.database import transaction
from app.errors import EditConflict, InvalidInput
from app.escalations import calls
from app.extensions import db
from app.incidents import changes
from app.notify import incident_mails
from app.records import rows, timeline
from app.records.accounts import Role, User, UserStatus
from app.records.actors import Actor, ActorKind
from app.records.entries import (
    Acknowledged,
    Assigned,
    Commented,
    Escalated,
    Opened,
    Reopened,
    Resolved,
    SeverityChanged,
)
from app.records.incidents import Incident, Source, TimelineEvent
from app.records.lifecycle import Action
from app.records.outbox import MailKind
from app.severities import Severity
from app.text import entered
from contract import limits

MAX_TITLE = limits.TITLE
MAX_SERVICE = limits.SERVICE
MAX_TEXT = limits.TEXT


def create(
    *,
    title: str,
    severity: Severity,
    actor: Actor,
    description: str = "",
    service: str = "",
    labels: dict[str, str] | None = None,
    owner_id: int | None = None,
) -> Incident:
    """Open an incident on somebody's word.

    Raises:
        InvalidInput: the title is empty, something is too long, or the owner can't own incidents.

    """
    incident = Incident(
        title=entered("title", title, MAX_TITLE, required=True),
        description=entered("description", description, MAX_TEXT),
        service=entered("service", service, MAX_SERVICE) or None,
        severity=severity,
        source=Source.PERSON,
        labels=labels or {},
    )
    with transaction(is_read_again=False), rows.gathering():
        changes.add(incident, Opened(severity=incident.severity), actor, f"Opened by {actor.name}.")
        if owner_id is not None:
            assign(incident.id, owner_id=owner_id, actor=actor)
    return incident


def acknowledge(incident_id: int, *, actor: Actor, version: int | None = None, way: str = "") -> Incident:
    """Take the incident: it becomes acknowledged, and the actor its owner if it had none; paging ends.

    ``way`` says how, where that was not the incident's page: "by mail".
    """
    with transaction():
        incident = _change(incident_id, Action.ACKNOWLEDGE, version)
        incident.acknowledged_at = now()
        if incident.owner_id is None:
            incident.owner_id = actor.user_id
        said = f"Acknowledged by {actor.name}{f' {way}' if way else ''}."
        timeline.record(incident.id, Acknowledged(way=way), actor, said)
        calls.settle(incident)
    return incident


def assign(incident_id: int, *, owner_id: int | None, actor: Actor, version: int | None = None) -> Incident:
    """Give the incident to a person, or to nobody with ``owner_id=None``; the same owner changes nothing.

    Raises:
        InvalidInput: there is no such active user, or the user may only look.

    """
    with transaction():
        incident = _change(incident_id, Action.ASSIGN, version)
        owner = None if owner_id is None else _assignee(owner_id)
        old = incident.owner.name if incident.owner else None
        if owner is incident.owner:
            return incident
        incident.owner = owner
        whom = "nobody" if owner is None else "themselves" if owner.id == actor.user_id else owner.name
        new = owner.name if owner else None
        entry = Assigned(old=old, new=new)
        timeline.record(incident.id, entry, actor, f"{actor.name} assigned it to {whom}.")
        if owner is not None and owner.id != actor.user_id:
            incident_mails.enqueue(MailKind.ASSIGNED, incident, actor)
    return incident


def comment(incident_id: int, *, body: str, actor: Actor, version: int | None = None) -> Incident:
    """Add a comment; it is kept as the person wrote it."""
    body = entered("body", body, MAX_TEXT, required=True)
    with transaction():
        incident = _change(incident_id, Action.COMMENT, version)
        timeline.record(incident.id, Commented(body=body), actor, f"{actor.name} commented.")
    return incident


def escalate(incident_id: int, *, actor: Actor, reason: str = "", version: int | None = None) -> Incident:
    """Call for more people: the on-call list and the owner get a mail with the reason."""
    reason = entered("reason", reason, MAX_TEXT)
    with transaction():
        incident = _change(incident_id, Action.ESCALATE, version)
        incident.escalated_at = now()
        by_machine = actor.kind is ActorKind.AUTOMATION
        verb = "Automation gave up and called for people" if by_machine else f"Escalated by {actor.name}"
        timeline.record(incident.id, Escalated(reason=reason), actor, _sentence(verb, reason))
        kind = MailKind.GAVE_UP if by_machine else MailKind.ESCALATED
        changes.queue_mails(kind, incident, actor, reason=reason)
    return incident


def change_severity(
    incident_id: int, *, severity: Severity, actor: Actor, version: int | None = None
) -> Incident:
    """Say how bad it is; the severity it already has changes nothing."""
    with transaction():
        incident = _change(incident_id, Action.CHANGE_SEVERITY, version)
        old = incident.severity
        if severity is not old:
            incident.severity = severity
            summary = f"{actor.name} changed the severity from {old} to {severity}."
            timeline.record(incident.id, SeverityChanged(old=old, new=severity), actor, summary)
            calls.wake(incident)
    return incident


def resolve(incident_id: int, *, actor: Actor, reason: str = "", version: int | None = None) -> Incident:
    """Close the incident.

    Raises:
        InvalidInput: its alert still fires and no reason is given.

    """
    reason = entered("reason", reason, MAX_TEXT)
    with transaction():
        incident = _read(incident_id, version)
        if not reason and (incident.is_firing or _burns_elsewhere(incident)):
            message = "The alert of this incident still fires. Say why it can be resolved anyway."
            raise InvalidInput(message, [{"field": "reason", "message": message}])
        changes.close(
            incident, Resolved(reason=reason), actor, _sentence(f"Resolved by {actor.name}", reason)
        )
    return incident


def reopen(incident_id: int, *, actor: Actor, reason: str = "", version: int | None = None) -> Incident:
    """Open a resolved incident again; it keeps its owner."""
    reason = entered("reason", reason, MAX_TEXT)
    with transaction():
        incident = _read(incident_id, version)
        summary = _sentence(f"Reopened by {actor.name}", reason)
        changes.restart(incident, Reopened(reason=reason), actor, summary)
    return incident


def _burns_elsewhere(incident: Incident) -> bool:
    """Say whether the alert of a duplicate that was merged into this incident still fires."""
    merged = select(Incident.id).where(Incident.merged_into_id == incident.id, Incident.is_firing)
    return db.session.scalar(merged.limit(1)) is not None


def _read(incident_id: int, version: int | None) -> Incident:
    """Load the incident under lock and compare versions."""
    incident = timeline.lock(incident_id)
    compare(incident, version)
    return incident


def compare(incident: Incident, version: int | None) -> None:
    """Refuse a change that rests on what is no longer true.

    Raises:
        EditConflict: the incident has another version than the person saw; the message says what happened.

    """
    if version is not None and version != incident.version:
        raise EditConflict(_what_happened(incident))


def _change(incident_id: int, action: Action, version: int | None) -> Incident:
    incident = _read(incident_id, version)
    changes.move(incident, action)
    return incident


def _what_happened(incident: Incident) -> str:
    last = db.session.scalar(
        select(TimelineEvent)
        .where(TimelineEvent.incident_id == incident.id)
        .order_by(TimelineEvent.id.desc())
        .limit(1),
    )
    seen = f" Last: {last.summary}" if last else ""
    return f"This incident was changed while you looked at it; nothing of yours was saved.{seen}"


def _assignee(owner_id: int) -> User:
    user = db.session.get(User, owner_id)
    if user is None or user.status is not UserStatus.ACTIVE or not user.role.includes(Role.RESPONDER):
        message = "Nobody active with this id can own incidents."
        raise InvalidInput(message, [{"field": "owner", "message": message}])
    return user


def _sentence(verb: str, reason: str) -> str:
    return f"{verb}: {reason}" if reason else f"{verb}."
