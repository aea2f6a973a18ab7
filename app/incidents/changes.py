"""The steps that every change of an incident is made of. All need a running transaction()."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from app import rows
from app.clock import now
from app.database import once, remember
from app.errors import NotFound
from app.extensions import db
from app.formats import exact
from app.incidents import places
from app.incidents.actors import SYSTEM, Actor, ActorKind
from app.incidents.lifecycle import Action, transition
from app.incidents.models import EventKind, Incident, TimelineEvent
from app.maintenance import queries as maintenance
from app.notify import messages
from app.notify.models import CALLS, MailKind, MailState, OutboxMessage
from app.paging import MAX_ID
from contract.labels import is_test

HELD = "mails are held"
_UNTRIED = (OutboxMessage.state == MailState.WAITING, OutboxMessage.attempts == 0)


def lock(incident_id: int) -> Incident:
    """Load an incident so that nobody else can change it before the commit.

    Raises:
        NotFound: there is none with this id.

    """
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


def move(incident: Incident, action: Action) -> None:
    """Make the transition; the version grows, except by a comment, which takes nothing away from anybody.

    Raises:
        InvalidTransition: the incident's state doesn't allow it.

    """
    incident.state = transition(incident.state, action)
    if action is not Action.COMMENT:
        incident.version += 1


def record(
    incident_id: int,
    kind: EventKind,
    actor: Actor,
    summary: str,
    *,
    at: datetime | None = None,
    place: datetime | None = None,
    **data: Any,
) -> None:
    """Add a timeline entry; ``at`` is when it happened, if that was before now, ``place`` where it stands."""
    db.session.get_one(Incident, incident_id).updated_at = now()
    _enter(incident_id, kind, actor, summary, at=at or now(), place=place, data=data)


def _enter(
    incident_id: int,
    kind: EventKind,
    actor: Actor,
    summary: str,
    *,
    at: datetime,
    place: datetime | None,
    data: dict[str, Any],
) -> None:
    places.keep(incident_id, kind, actor, place or at, data.get("seq"))
    rows.add(
        TimelineEvent,
        incident_id=incident_id,
        at=at,
        ordered_at=None if place == at else place,
        kind=kind,
        actor_kind=actor.kind,
        actor_name=actor.name,
        actor_id=actor.user_id,
        summary=summary,
        data=data,
    )


def add(
    incident: Incident, actor: Actor, summary: str, *, place: datetime | None = None, **data: Any
) -> None:
    """Store a new incident with its first event and its mails; it may have a reserved number already."""
    db.session.add(incident)
    if incident.id is None:
        db.session.flush()
    places.begin(incident.id)
    data["severity"] = incident.severity
    _enter(incident.id, EventKind.OPENED, actor, summary, at=incident.opened_at, place=place, data=data)
    tell(MailKind.CREATED, incident, actor)


def close(incident: Incident, actor: Actor, summary: str, *, reason: str = "", **data: Any) -> None:
    """Resolve an incident: its end, the event and the mails."""
    move(incident, Action.RESOLVE)
    incident.resolved_at = at = now()
    record(incident.id, EventKind.RESOLVED, actor, summary, at=at, reason=reason, **data)
    if drop_held_mails(incident):
        return
    tell(messages.end_kind(incident), incident, actor, reason=reason)


def restart(incident: Incident, actor: Actor, summary: str, **data: Any) -> None:
    """Reopen an incident: what was true of its last stretch no longer is; it keeps its owner."""
    move(incident, Action.REOPEN)
    incident.resolved_at = None
    incident.acknowledged_at = None
    incident.verdict = None
    incident.merged_into_id = None
    record(incident.id, EventKind.REOPENED, actor, summary, **data)
    tell(MailKind.REOPENED, incident, actor)


def tell(kind: MailKind, incident: Incident, actor: Actor, *, reason: str = "") -> None:
    """Put the mails of a change into the outbox; maintenance holds back all but what people do themselves.

    An incident of a test alert writes none but those.
    """
    if actor.kind is not ActorKind.PERSON and is_test(incident.labels):
        return
    hold = None if actor.kind is ActorKind.PERSON else maintenance.holding(incident.labels | incident.tags)
    told = messages.enqueue(kind, incident, actor, reason=reason, hold=hold)
    if not told and kind in CALLS and messages.is_on():
        summary = "Nobody is told by mail: nobody is on call, and nobody owns it."
        record(incident.id, EventKind.MAIL_FAILED, SYSTEM, summary)
    if hold is not None:
        remember(HELD, value=True)
        why = hold.window.comment
        summary = f"Maintenance holds mails and automation back until {exact(hold.until)}: {why}"
        record(incident.id, EventKind.MAINTENANCE, SYSTEM, summary, reason=why, window=hold.window.id)


def _is_any_held() -> bool:
    held = select(OutboxMessage.id).where(OutboxMessage.window_id.is_not(None), *_UNTRIED)
    return db.session.scalar(held.limit(1)) is not None


def drop_held_mails(incident: Incident) -> bool:
    """Throw away the mails about an incident that maintenance still holds.

    What began and ended within the maintenance is nobody's news: then the end needs no mail either, and the
    answer is true.
    """
    if not once(HELD, _is_any_held):
        return False
    rows.insert_gathered()
    held = (
        OutboxMessage.incident_id == incident.id,
        OutboxMessage.window_id.is_not(None),
        *_UNTRIED,
    )
    kinds = db.session.scalars(select(OutboxMessage.kind).where(*held)).all()
    if not kinds:
        return False
    db.session.execute(delete(OutboxMessage).where(*held))
    mails = "1 mail that maintenance held back is" if len(kinds) == 1 else f"{len(kinds)} held mails are"
    summary = f"{mails} not sent: it was over before the maintenance."
    record(incident.id, EventKind.MAINTENANCE, SYSTEM, summary)
    return bool({MailKind.CREATED, MailKind.REOPENED} & set(kinds))
