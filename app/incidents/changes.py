"""The steps that every change of an incident is made of. All need a running transaction()."""

from datetime import datetime

from sqlalchemy import delete, select

from app.clock import now
from app.database import once, remember
from app.escalations import calls
from app.extensions import db
from app.formats import exact
from app.maintenance import queries as maintenance
from app.notify import incident_mails
from app.records import rows, timeline, timeline_order
from app.records.actors import SYSTEM, Actor, ActorKind
from app.records.entries import MailFailed, Maintenance, Opened, Reopened, Resolved
from app.records.incidents import Incident
from app.records.lifecycle import Action, transition
from app.records.outbox import CALLS, MailKind, MailState, OutboxMessage
from contract.labels import is_test

HELD = "mails are held"
_UNTRIED = (OutboxMessage.state == MailState.WAITING, OutboxMessage.attempts == 0)


def move(incident: Incident, action: Action) -> None:
    """Make the transition; the version grows, except by a comment, which takes nothing away from anybody.

    Raises:
        InvalidTransition: the incident's state doesn't allow it.

    """
    incident.state = transition(incident.state, action)
    if action is not Action.COMMENT:
        incident.version += 1


def add(
    incident: Incident, entry: Opened, actor: Actor, summary: str, *, place: datetime | None = None
) -> None:
    """Store a new incident with its first entry and its mails; it may have a reserved number already."""
    db.session.add(incident)
    if incident.id is None:
        db.session.flush()
    timeline_order.begin(incident.id)
    timeline.enter(incident.id, entry, actor, summary, at=incident.opened_at, place=place)
    queue_mails(MailKind.CREATED, incident, actor)


def close(
    incident: Incident, entry: Resolved, actor: Actor, summary: str, *, place: datetime | None = None
) -> None:
    """Resolve an incident: its end, the entry and the mails."""
    move(incident, Action.RESOLVE)
    incident.resolved_at = at = now()
    timeline.record(incident.id, entry, actor, summary, at=at, place=place)
    calls.settle(incident)
    if drop_held_mails(incident):
        return
    queue_mails(incident_mails.end_kind(incident), incident, actor, reason=entry.reason)


def restart(
    incident: Incident, entry: Reopened, actor: Actor, summary: str, *, place: datetime | None = None
) -> None:
    """Reopen an incident: what was true of its last stretch no longer is; it keeps its owner."""
    move(incident, Action.REOPEN)
    incident.resolved_at = None
    incident.acknowledged_at = None
    incident.verdict = None
    incident.merged_into_id = None
    timeline.record(incident.id, entry, actor, summary, place=place)
    queue_mails(MailKind.REOPENED, incident, actor)


def queue_mails(kind: MailKind, incident: Incident, actor: Actor, *, reason: str = "") -> None:
    """Put the mails of a change into the outbox; maintenance holds back all but what people do themselves.

    An incident of a test alert writes none but those.
    """
    if actor.kind is not ActorKind.PERSON and is_test(incident.labels):
        return
    hold = None if actor.kind is ActorKind.PERSON else maintenance.holding(incident.labels | incident.tags)
    calls.call(kind, incident, by_person=actor.kind is ActorKind.PERSON)
    told = incident_mails.enqueue(kind, incident, actor, reason=reason, hold=hold)
    if not told and kind in CALLS and incident_mails.is_on() and not incident.has_chain:
        summary = "Nobody is told by mail: nobody is on call, and nobody owns it."
        timeline.record(incident.id, MailFailed(), SYSTEM, summary)
    if hold is not None:
        remember(HELD, value=True)
        why = hold.window.comment
        summary = f"Maintenance holds mails and automation back until {exact(hold.until)}: {why}"
        entry = Maintenance(reason=why, window=hold.window.id)
        timeline.record(incident.id, entry, SYSTEM, summary)


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
    timeline.record(incident.id, Maintenance(), SYSTEM, summary)
    return bool({MailKind.CREATED, MailKind.REOPENED} & set(kinds))
