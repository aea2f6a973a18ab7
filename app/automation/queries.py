"""Reading what the automation decided and did."""

from collections.abc import Sequence

from sqlalchemy import select

from app import paging
from app.clock import now
from app.errors import NotFound
from app.extensions import db
from app.records.automation import (
    Approval,
    ApprovalState,
    AutomationControl,
    AutomationHeartbeat,
    Decision,
    Run,
)
from contract.runs import Verdict

LAST_RUNS = 10
"""As many squares stand behind a remedy's name."""


def runs_of(incident_id: int) -> Sequence[Run]:
    """Return an incident's runs, oldest first."""
    statement = (
        select(Run).where(Run.incident_id == incident_id).order_by(Run.queued_at, Run.received_at, Run.id)
    )
    return db.session.scalars(statement).all()


def decisions_of(incident_id: int) -> Sequence[Decision]:
    """Return an incident's decisions, oldest first."""
    statement = (
        select(Decision).where(Decision.incident_id == incident_id).order_by(Decision.decided_at, Decision.id)
    )
    return db.session.scalars(statement).all()


def recent_runs(limit: int = 50) -> Sequence[Run]:
    """Return the newest runs of all incidents."""
    return db.session.scalars(select(Run).order_by(Run.received_at.desc(), Run.id.desc()).limit(limit)).all()


def runs_of_remedy(name: str, limit: int) -> Sequence[Run]:
    """Return a remedy's newest runs."""
    statement = select(Run).where(Run.remedy == name)
    statement = statement.order_by(Run.received_at.desc(), Run.id.desc()).limit(limit)
    return db.session.scalars(statement).all()


def last_runs_of(names: Sequence[str]) -> dict[str, list[Run]]:
    """Return the newest runs of each remedy, oldest first as they are drawn from left to right."""
    return {name: list(reversed(runs_of_remedy(name, LAST_RUNS))) for name in names}


def heartbeats() -> Sequence[AutomationHeartbeat]:
    """Return every automation instance's last sign of life, newest first."""
    return db.session.scalars(
        select(AutomationHeartbeat).order_by(AutomationHeartbeat.received_at.desc())
    ).all()


def pause() -> AutomationControl | None:
    """Return who paused the automation, when and why, or nothing when nobody has."""
    control = db.session.get(AutomationControl, 1)
    return control if control is not None and control.is_paused else None


def is_paused() -> bool:
    """Say whether people have paused the automation."""
    return pause() is not None


def open_approvals(incident_id: int | None = None) -> Sequence[Approval]:
    """Return what waits for a person's word, soonest to expire first: of one incident, or of all."""
    statement = select(Approval).where(Approval.state == ApprovalState.WAITING, Approval.expires_at > now())
    if incident_id is not None:
        statement = statement.where(Approval.incident_id == incident_id)
    return db.session.scalars(statement.order_by(Approval.expires_at)).all()


def run(run_id: str) -> Run:
    """Return one run.

    Raises:
        NotFound: none with this id has been reported.

    """
    found = db.session.get(Run, run_id) if run_id.isprintable() else None
    if found is None:
        raise NotFound("No such run has been reported.")
    return found


def recent_decisions(limit: int = 20) -> Sequence[Decision]:
    """Return the newest decisions of all incidents."""
    statement = select(Decision).order_by(Decision.received_at.desc(), Decision.id.desc()).limit(limit)
    return db.session.scalars(statement).all()


def decisions_page(
    *,
    incident_id: int | None = None,
    episode: str = "",
    decision: str | None = None,
    reason: str = "",
    after: str | None = None,
    limit: int = paging.PAGE_SIZE,
) -> paging.Page[Decision]:
    """Return decisions that come after the cursor ``after``; those about the newest events first.

    Raises:
        InvalidInput: the cursor is not one of ours.

    """
    wanted = {
        Decision.incident_id: incident_id,
        Decision.episode: episode,
        Decision.decision: decision,
        Decision.reason: reason,
    }
    statement = select(Decision).where(*(column == value for column, value in wanted.items() if value))
    return paging.latest_event_first(statement, Decision.seq, Decision.id, after=after, limit=limit)


def runs_page(
    *,
    incident_id: int | None = None,
    episode: str = "",
    remedy: str = "",
    state: str | None = None,
    verification: Verdict | None = None,
    after: str | None = None,
    limit: int = paging.PAGE_SIZE,
) -> paging.Page[Run]:
    """Return runs that come after the cursor ``after``; those about the newest events first.

    Raises:
        InvalidInput: the cursor is not one of ours.

    """
    wanted = {
        Run.incident_id: incident_id,
        Run.episode: episode,
        Run.remedy: remedy,
        Run.state: state,
        Run.verification: verification,
    }
    statement = select(Run).where(*(column == value for column, value in wanted.items() if value))
    return paging.latest_event_first(statement, Run.seq, Run.id, after=after, limit=limit)
