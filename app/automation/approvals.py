"""Runs that wait for a person's word: the automation asks, people answer, its instructions tell it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update

from app.accounts.factors import recent
from app.clock import now
from app.database import once, remember, transaction
from app.errors import InvalidTransition, NotFound
from app.extensions import db
from app.formats import target_name
from app.records import audit, instructions, timeline
from app.records.actors import Actor
from app.records.audit_entries import RunApproved, RunRejected
from app.records.automation import Approval, ApprovalState, Decision
from app.records.entries import Approved, Rejected
from app.text import entered
from contract import limits
from contract.decisions import DecisionKind
from contract.reports import ApprovalRequest

MAX_REASON = limits.SENTENCE
_ANSWERS = {ApprovalState.APPROVED: Approved, ApprovalState.REJECTED: Rejected}
_AUDITED = {ApprovalState.APPROVED: RunApproved, ApprovalState.REJECTED: RunRejected}


def follow(decision: Decision, request: ApprovalRequest | None) -> None:
    """Keep what the automation asks with a decision; one that no longer waits takes its question back.

    Needs a transaction(). The same question again may move its end, until somebody has answered it.
    """
    if decision.decision is not DecisionKind.DEFERRED and once(_asked(decision.episode), lambda: True):
        db.session.execute(
            update(Approval)
            .where(Approval.episode == decision.episode, Approval.state == ApprovalState.WAITING)
            .values(state=ApprovalState.WITHDRAWN)
        )
    if request is None:
        return
    remember(_asked(decision.episode), value=True)
    approval = db.session.get(Approval, request.id, with_for_update=True)
    if approval is None:
        approval = Approval(id=request.id, incident_id=decision.incident_id, state=ApprovalState.WAITING)
        db.session.add(approval)
    if approval.state is not ApprovalState.WAITING:
        return
    approval.episode = decision.episode
    approval.remedy, approval.playbook, approval.target = decision.remedy, decision.playbook, decision.target
    approval.command, approval.preview = request.command, request.preview
    approval.requested_at, approval.expires_at = decision.decided_at, request.expires_at


def learn(episodes: Collection[str]) -> None:
    """Look up at once about which of these episodes something is asked; within `reading_once`."""
    waiting = select(Approval.episode).where(
        Approval.episode.in_(episodes), Approval.state == ApprovalState.WAITING
    )
    asked = set(db.session.scalars(waiting))
    for episode in episodes:
        remember(_asked(episode), episode in asked)


def _asked(episode: str) -> str:
    return f"asked about {episode}"


def approve(
    approval_id: str, *, actor: Actor, reason: str = "", factor_at: datetime | None = None
) -> Approval:
    """Let the run happen; the automation decides again, so all its other guards still hold.

    ``factor_at`` is when the person proved a second factor in the session that approves, if they did.

    Raises:
        SecondFactorNeeded: this installation asks for a second factor, and there is no recent one.
        NotFound: nothing with this id has been asked.
        InvalidTransition: it was answered already, has expired, or is no longer asked.

    """
    recent.check_approval(factor_at)
    return _answer(approval_id, ApprovalState.APPROVED, actor, reason)


def reject(approval_id: str, *, actor: Actor, reason: str = "") -> Approval:
    """Forbid the run; the incident stays with people. Raises as ``approve`` does."""
    return _answer(approval_id, ApprovalState.REJECTED, actor, reason)


def incident_of(approval_id: str) -> int | None:
    """Return the incident that a question belongs to, if it has one.

    Raises:
        NotFound: nothing with this id has been asked.

    """
    return _found(approval_id).incident_id


def _answer(approval_id: str, state: ApprovalState, actor: Actor, reason: str) -> Approval:
    reason = entered("reason", reason, MAX_REASON)
    with transaction():
        approval = _found(approval_id, lock=True)
        if not approval.is_open(now()):
            raise InvalidTransition(_why_not(approval))
        approval.state, approval.decided_by, approval.decided_at = state, actor.name, now()
        approval.decided_by_id, approval.decided_by_email = actor.user_id, actor.email
        _record(approval, actor, reason)
        instructions.grow()
    return approval


def _record(approval: Approval, actor: Actor, reason: str) -> None:
    summary = f"{actor.name} {approval.state} {approval.playbook} on {target_name(approval.target)}"
    summary += f": {reason}" if reason else "."
    audit.record(_AUDITED[approval.state](approval=approval.id), actor, summary)
    if approval.incident_id is None:
        return
    entry = _ANSWERS[approval.state](approval_id=approval.id, reason=reason)
    timeline.record(approval.incident_id, entry, actor, summary)


def _found(approval_id: str, *, lock: bool = False) -> Approval:
    statement = select(Approval).where(Approval.id == approval_id)
    if lock:
        statement = statement.with_for_update()
    options = {"populate_existing": True}
    found = db.session.scalar(statement, execution_options=options) if approval_id.isprintable() else None
    if found is None:
        raise NotFound("Nothing with this id waits for an answer.")
    return found


def _why_not(approval: Approval) -> str:
    if approval.decided_by is not None:
        return f"{approval.decided_by} has {approval.state} this run already."
    if approval.state is ApprovalState.WITHDRAWN:
        return "The automation no longer asks for this run."
    return "The time to answer is over; the automation will ask again if the alert still fires."
