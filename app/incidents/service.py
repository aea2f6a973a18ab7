"""The use cases of an incident: each is one transaction with its timeline event and its mails.

``version`` is the incident's version the person looked at. If it has changed since, nothing happens and
``EditConflict`` says who did what in between. Programs that don't look first leave it out.
"""

from typing import Any

from sqlalchemy import select

from app.accounts.models import Role, User, UserStatus
from app.clock import now
from app.database import transaction
from app.errors import EditConflict, InvalidInput, NotFound
from app.extensions import db
from app.incidents.actors import Actor, ActorKind
from app.incidents.lifecycle import Action, Severity, transition
from app.incidents.models import EventKind, Incident, Source, TimelineEvent
from app.notify import messages
from app.notify.models import MailKind

MAX_TITLE = 200
MAX_TEXT = 20_000


def record(
    incident: Incident,
    kind: EventKind,
    actor: Actor,
    summary: str,
    **data: Any,
) -> TimelineEvent:
    """Add a timeline entry for a change made now, and move the incident's version with it."""
    event = TimelineEvent(
        incident_id=incident.id,
        at=now(),
        kind=kind,
        actor_kind=actor.kind,
        actor_name=actor.name,
        actor_id=actor.user_id,
        summary=summary,
        data=data,
    )
    db.session.add(event)
    incident.updated_at = event.at
    incident.version = (incident.version or 0) + 1
    return event


def create(
    *,
    title: str,
    severity: Severity,
    actor: Actor,
    description: str = "",
    service: str | None = None,
    labels: dict[str, str] | None = None,
    owner_id: int | None = None,
) -> Incident:
    """Open an incident on a person's word.

    Raises:
        InvalidInput: the title is empty or something is too long.

    """
    title = _text("title", title, MAX_TITLE, required=True)
    with transaction():
        incident = Incident(
            title=title,
            description=_text("description", description, MAX_TEXT),
            service=_text("service", service or "", 80) or None,
            severity=severity,
            source=Source.PERSON,
            labels=labels or {},
            version=0,
        )
        add(incident, actor, f"Opened by {actor.name}.")
        if owner_id is not None:
            assign(incident.id, owner_id=owner_id, actor=actor)
    return incident


def add(incident: Incident, actor: Actor, summary: str, **data: Any) -> None:
    """Store a new incident with its first event and its mails; call it inside a transaction."""
    db.session.add(incident)
    db.session.flush()
    record(incident, EventKind.OPENED, actor, summary, severity=incident.severity, **data)
    messages.enqueue(MailKind.CREATED, incident, messages.on_call(), actor)


def acknowledge(incident_id: int, *, actor: Actor, version: int | None = None) -> Incident:
    """Take the incident: it becomes acknowledged, and the actor its owner if it had none."""
    with transaction():
        incident = _change(incident_id, Action.ACKNOWLEDGE, version)
        incident.acknowledged_at = now()
        if incident.owner_id is None:
            incident.owner_id = actor.user_id
        record(incident, EventKind.ACKNOWLEDGED, actor, f"Acknowledged by {actor.name}.")
    return incident


def assign(incident_id: int, *, owner_id: int | None, actor: Actor, version: int | None = None) -> Incident:
    """Give the incident to a person, or to nobody with ``owner_id=None``.

    Raises:
        InvalidInput: there is no such active user, or the user may only look.

    """
    with transaction():
        incident = _change(incident_id, Action.ASSIGN, version)
        owner = None if owner_id is None else _assignee(owner_id)
        if owner_id == incident.owner_id:
            return incident
        old = incident.owner.name if incident.owner else None
        incident.owner = owner
        if owner is None:
            record(incident, EventKind.ASSIGNED, actor, f"{actor.name} took the owner off.", old=old, new=None)
            return incident
        whom = "themselves" if owner.id == actor.user_id else owner.name
        record(incident, EventKind.ASSIGNED, actor, f"{actor.name} assigned it to {whom}.", old=old, new=owner.name)
        if owner.id != actor.user_id:
            messages.enqueue(MailKind.ASSIGNED, incident, [owner.email], actor)
    return incident


def comment(incident_id: int, *, body: str, actor: Actor, version: int | None = None) -> Incident:
    """Add a comment; it is kept as the person wrote it."""
    body = _text("body", body, MAX_TEXT, required=True)
    with transaction():
        incident = _change(incident_id, Action.COMMENT, version)
        record(incident, EventKind.COMMENTED, actor, f"{actor.name} commented.", body=body)
    return incident


def escalate(
    incident_id: int,
    *,
    actor: Actor,
    reason: str = "",
    version: int | None = None,
) -> Incident:
    """Call for more people: the on-call list gets a mail with the reason."""
    reason = _text("reason", reason, MAX_TEXT)
    with transaction():
        incident = _change(incident_id, Action.ESCALATE, version)
        incident.escalated_at = now()
        by_machine = actor.kind is ActorKind.AUTOMATION
        verb = "Automation gave up and called for people" if by_machine else f"Escalated by {actor.name}"
        record(incident, EventKind.ESCALATED, actor, _sentence(verb, reason), reason=reason)
        kind = MailKind.GAVE_UP if by_machine else MailKind.ESCALATED
        messages.enqueue(kind, incident, messages.everybody_concerned(incident), actor, reason=reason)
    return incident


def change_severity(
    incident_id: int,
    *,
    severity: Severity,
    actor: Actor,
    version: int | None = None,
) -> Incident:
    """Say how bad it is; setting the severity it already has changes nothing."""
    with transaction():
        incident = _change(incident_id, Action.CHANGE_SEVERITY, version)
        old = incident.severity
        if severity is not old:
            incident.severity = severity
            summary = f"{actor.name} changed the severity from {old} to {severity}."
            record(incident, EventKind.SEVERITY_CHANGED, actor, summary, old=old, new=severity)
    return incident


def resolve(
    incident_id: int,
    *,
    actor: Actor,
    reason: str = "",
    version: int | None = None,
) -> Incident:
    """Close the incident.

    Raises:
        InvalidInput: its alert still fires and no reason is given.

    """
    reason = _text("reason", reason, MAX_TEXT)
    with transaction():
        incident = _change(incident_id, Action.RESOLVE, version)
        if incident.is_firing and not reason:
            message = "The alert of this incident still fires. Say why it can be resolved anyway."
            raise InvalidInput(message, [{"field": "reason", "message": message}])
        close(incident, actor, _sentence(f"Resolved by {actor.name}", reason), reason=reason)
    return incident


def close(incident: Incident, actor: Actor, summary: str, **data: Any) -> None:
    """Write the end of an incident whose transition was already checked; call it inside a transaction."""
    incident.resolved_at = now()
    record(incident, EventKind.RESOLVED, actor, summary, **data)
    messages.enqueue(messages.end_kind(incident), incident, messages.everybody_concerned(incident), actor)


def reopen(
    incident_id: int,
    *,
    actor: Actor,
    reason: str = "",
    version: int | None = None,
) -> Incident:
    """Open a resolved incident again; it keeps its owner."""
    reason = _text("reason", reason, MAX_TEXT)
    with transaction():
        incident = _change(incident_id, Action.REOPEN, version)
        restart(incident, actor, _sentence(f"Reopened by {actor.name}", reason), reason=reason)
    return incident


def restart(incident: Incident, actor: Actor, summary: str, **data: Any) -> None:
    """Write the new start of an incident whose transition was already checked; call it inside a transaction."""
    incident.resolved_at = None
    incident.acknowledged_at = None
    incident.verdict = None
    record(incident, EventKind.REOPENED, actor, summary, **data)
    messages.enqueue(MailKind.REOPENED, incident, messages.everybody_concerned(incident), actor)


def _change(incident_id: int, action: Action, version: int | None) -> Incident:
    """Load the incident under lock, compare versions, and make the transition."""
    statement = select(Incident).where(Incident.id == incident_id).with_for_update(of=Incident)
    incident = db.session.scalar(statement)
    if incident is None:
        raise NotFound(f"There is no incident {incident_id}.")
    if version is not None and version != incident.version:
        raise EditConflict(_what_happened(incident))
    incident.state = transition(incident.state, action)
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


def _text(field: str, value: str, limit: int, *, required: bool = False) -> str:
    """Trim a text and check its length; NUL never reaches the database."""
    value = value.replace("\x00", "").strip()
    message = ""
    if required and not value:
        message = "This is needed."
    elif len(value) > limit:
        message = f"This is longer than {limit:,} characters."
    if message:
        raise InvalidInput(f"{field}: {message}", [{"field": field, "message": message}])
    return value


