"""Beginning the paging for an incident, and waking it when something has changed. Within a transaction."""

from sqlalchemy import select, update

from app.clock import now
from app.database import once
from app.escalations import routing
from app.escalations.plan import Plan, Step, Target
from app.escalations.steps import Stop, position
from app.extensions import db
from app.records import rows, timeline
from app.records.actors import SYSTEM
from app.records.entries import PagingEnded
from app.records.escalations import (
    ACTIVE,
    ALLOWED,
    CALL_FOR_HELP,
    Escalation,
    EscalationAction,
    EscalationState,
)
from app.records.incidents import Incident
from app.records.lifecycle import State
from app.records.outbox import MailKind

BEGINS = frozenset({MailKind.CREATED, MailKind.REOPENED, MailKind.ESCALATED, MailKind.GAVE_UP})
"""News that somebody must hear of: without a chain, a mail to the lists tells it."""


def call(kind: MailKind, incident: Incident, *, by_person: bool) -> None:
    """Have people paged for this news, if a chain is there for the incident; it is then marked so.

    What is under way goes on: a person's call for help makes its next step due at once.
    """
    if kind not in BEGINS:
        return
    if kind is MailKind.CREATED:
        _begin(incident, is_called=False)
        return
    is_called = kind is MailKind.ESCALATED and by_person
    if incident.has_chain:
        rows.insert_gathered()
        if _go_on(incident, is_called=is_called):
            return
    if is_called or incident.state is State.OPEN:
        _begin(incident, is_called=is_called)


def ask_for_help(incident: Incident, target: Target) -> None:
    """Have somebody paged about an incident, now and once more; it ends as a chain does."""
    plan = Plan(steps=(Step(notify=target),), repeats=1)
    db.session.add(
        Escalation(
            incident_id=incident.id,
            chain_name=CALL_FOR_HELP,
            plan=plan.model_dump(mode="json"),
            is_called=True,
        )
    )


def wake(incident: Incident) -> None:
    """Have a worker judge what the incident's chain does now: automation has told something."""
    if incident.has_chain:
        _wake(incident)


def settle(incident: Incident) -> None:
    """Have a worker judge all paging for the incident now: it is acknowledged or over."""
    if incident.has_chain or once("calls for help", _is_any_call):
        _wake(incident)


def _wake(incident: Incident) -> None:
    rows.insert_gathered()
    moment = now()
    active = (Escalation.incident_id == incident.id, Escalation.state.in_(ACTIVE))
    db.session.execute(update(Escalation).where(*active).values(due_at=moment, set_at=moment))


def _is_any_call() -> bool:
    calls = select(Escalation.id).where(Escalation.state.in_(ACTIVE), Escalation.chain_name == CALL_FOR_HELP)
    with db.session.no_autoflush:  # what is gathered would be written in more statements
        return db.session.scalar(calls.limit(1)) is not None


def _begin(incident: Incident, *, is_called: bool) -> None:
    chain = routing.choose(routing.words_of(incident)).chain
    incident.has_chain = chain is not None
    if chain is None:
        return
    rows.add(
        Escalation,
        incident_id=incident.id,
        chain_id=chain.id,
        chain_name=chain.name,
        plan=chain.plan,
        is_called=is_called,
    )


def _go_on(incident: Incident, *, is_called: bool) -> bool:
    """Wake what the chain has under way; say whether there was something."""
    statement = select(Escalation).where(
        Escalation.incident_id == incident.id,
        Escalation.state.in_(ACTIVE),
        Escalation.chain_name != CALL_FOR_HELP,
    )
    found = db.session.scalars(statement.with_for_update()).all()
    goes_on = False
    for escalation in found:
        if is_called and isinstance(position(escalation, now()), Stop):
            _end(escalation)
            continue
        goes_on = True
        escalation.due_at = escalation.set_at = now()
        if is_called:
            escalation.is_called, escalation.step_at, escalation.begun_at = True, None, now()
    return goes_on


def _end(escalation: Escalation) -> None:
    """End a chain with no step left; those whom its page told of go on by themselves."""
    moment, reason = now(), "More people were asked for, so the chain begins anew."
    escalation.state = ALLOWED[escalation.state, EscalationAction.STOP]
    escalation.ended_at, escalation.reason = moment, reason
    escalation.latest_at, escalation.next_whom, escalation.why = None, "", ""
    db.session.execute(
        update(Escalation)
        .where(Escalation.joined_to == escalation.id, Escalation.state == EscalationState.JOINED)
        .values(due_at=moment, set_at=moment)
    )
    entry = PagingEnded(outcome=escalation.state, reason=reason)
    timeline.record(escalation.incident_id, entry, SYSTEM, f"Paging ended: {reason}")
