"""What a shift leaves behind, in sentences: what is open, what happened, what automation did."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from app.extensions import db
from app.records.automation import Run
from app.records.incidents import Incident
from app.records.lifecycle import State
from contract.runs import Verdict

MOST_NAMED = 10


def of(start: datetime, end: datetime) -> Sequence[str]:
    """Return sentences about all incidents, for the time from ``start`` to ``end``."""
    still_open = db.session.scalars(
        select(Incident)
        .where(Incident.state != State.RESOLVED)
        .order_by(Incident.id.desc())
        .limit(MOST_NAMED)
    ).all()
    count = _count(Incident.state != State.RESOLVED)
    opened = _count(Incident.opened_at >= start, Incident.opened_at < end)
    resolved = _count(Incident.resolved_at >= start, Incident.resolved_at < end)
    repaired = _count(
        Incident.resolved_at >= start, Incident.resolved_at < end, Incident.verdict == Verdict.VERIFIED
    )
    runs = db.session.scalar(
        select(func.count()).select_from(Run).where(Run.started_at >= start, Run.started_at < end)
    )
    sentences = [f"Open now: {count}."]
    sentences += [f"#{incident.id}, {incident.severity}: {incident.title}" for incident in still_open]
    if count > len(still_open):
        sentences.append(f"And {count - len(still_open)} more.")
    sentences += [
        f"In the shift: {opened} opened, {resolved} resolved.",
        f"Automation ran {runs or 0} playbooks; {repaired} of the incidents were repaired and verified.",
    ]
    return sentences


def _count(*conditions: ColumnElement[bool]) -> int:
    return db.session.scalar(select(func.count()).select_from(Incident).where(*conditions)) or 0
