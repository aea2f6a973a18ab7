"""Reading what the automation decided and did."""

from collections.abc import Sequence

from sqlalchemy import select

from app.errors import NotFound
from app.extensions import db
from app.remediation.models import AutomationControl, AutomationHeartbeat, Decision, Run


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
    return db.session.scalars(select(Run).order_by(Run.received_at.desc(), Run.id).limit(limit)).all()


def heartbeats() -> Sequence[AutomationHeartbeat]:
    """Return every automation instance's last sign of life, newest first."""
    return db.session.scalars(
        select(AutomationHeartbeat).order_by(AutomationHeartbeat.received_at.desc())
    ).all()


def is_paused() -> bool:
    """Say whether people have paused the automation."""
    control = db.session.get(AutomationControl, 1)
    return control is not None and control.is_paused


def run(run_id: str) -> Run:
    """Return one run.

    Raises:
        NotFound: none with this id has been reported.

    """
    found = db.session.get(Run, run_id)
    if found is None:
        raise NotFound("No such run has been reported.")
    return found


def recent_decisions(limit: int = 20) -> Sequence[Decision]:
    """Return the newest decisions of all incidents."""
    statement = select(Decision).order_by(Decision.received_at.desc(), Decision.id).limit(limit)
    return db.session.scalars(statement).all()
