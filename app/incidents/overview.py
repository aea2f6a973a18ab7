"""The answer that stands on top of the list: what is on fire, who has it, what the machine is doing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from app.extensions import db
from app.incidents.queries import UNRESOLVED
from app.records.automation import Decision, Run
from app.records.incidents import EventKind, Incident, TimelineEvent
from app.records.lifecycle import State
from app.severities import Severity
from contract.runs import OPEN, Verdict

MOST_SERVICES = 8


@dataclass(frozen=True)
class Counts:
    """What is unresolved now.

    `mine` counts those of the reader, `repairing` those that automation is working on; `is_deaf`: alerts do
    not come in.
    """

    open: int
    acknowledged: int
    unowned: int
    repairing: int
    has_any: bool
    last_resolved_at: datetime | None
    is_deaf: bool = False
    mine: int = 0
    severities: Mapping[Severity, int] = field(default_factory=dict)
    services: Mapping[str, int] = field(default_factory=dict)

    @property
    def unresolved(self) -> int:
        """Return how many incidents are open or acknowledged."""
        return self.open + self.acknowledged

    @property
    def headline(self) -> str:
        """Return the state in words: `2 open, 1 acknowledged, 1 without an owner`."""
        if not self.unresolved:
            return "Alerts are not arriving" if self.is_deaf else "Nothing is on fire"
        parts = [
            f"{self.open} open" if self.open else "",
            f"{self.acknowledged} acknowledged" if self.acknowledged else "",
            f"{self.unowned} without an owner" if self.unowned else "",
            f"automation is working on {self.repairing}" if self.repairing else "",
            "alerts are not arriving" if self.is_deaf else "",
        ]
        return ", ".join(part for part in parts if part)

    @property
    def favicon(self) -> str:
        """Return the icon that tells the state from another tab."""
        if self.open or self.is_deaf:
            return "burning"
        return "held" if self.acknowledged else "calm"


def count(reader_id: int, *, is_deaf: bool = False) -> Counts:
    """Count what is unresolved, in one pass; `is_deaf`: it may not be all."""
    unresolved = Incident.state.in_(UNRESOLVED)
    key = (Incident.state, Incident.severity, Incident.service, Incident.owner_id)
    rows = db.session.execute(select(*key, func.count()).where(unresolved).group_by(*key)).all()
    states: Counter[State] = Counter()
    severities: Counter[Severity] = Counter()
    services: Counter[str] = Counter()
    owners: Counter[int | None] = Counter()
    for state, severity, service, owner_id, number in rows:
        states[state] += number
        severities[severity] += number
        owners[owner_id] += number
        if service:
            services[service] += number
    repairing = (
        select(func.count(func.distinct(Run.incident_id)))
        .join(Incident, Incident.id == Run.incident_id)
        .where(unresolved, or_(Run.state.in_(OPEN), Run.verification == Verdict.PENDING))
    )
    return Counts(
        open=states[State.OPEN],
        acknowledged=states[State.ACKNOWLEDGED],
        unowned=owners[None],
        mine=owners[reader_id],
        severities={severity: severities[severity] for severity in Severity if severities[severity]},
        services=dict(services.most_common(MOST_SERVICES)),
        repairing=db.session.scalar(repairing) or 0,
        has_any=bool(rows) or db.session.scalar(select(Incident.id).limit(1)) is not None,
        last_resolved_at=db.session.scalar(select(func.max(Incident.resolved_at))),
        is_deaf=is_deaf,
    )


def last_events(incident_ids: Sequence[int]) -> dict[int, TimelineEvent]:
    """Return the newest timeline entry of each incident, but for mails: that one went out says little."""
    of_one = aliased(TimelineEvent)
    newest = (
        select(of_one.id)
        .where(of_one.incident_id == Incident.id, of_one.kind != EventKind.MAIL_SENT)
        .order_by(of_one.at.desc(), of_one.id.desc())
        .limit(1)
        .correlate(Incident)
        .scalar_subquery()
    )
    rows = db.session.scalars(
        select(TimelineEvent).join(Incident, TimelineEvent.id == newest).where(Incident.id.in_(incident_ids))
    )
    return {event.incident_id: event for event in rows}


def last_runs(incident_ids: Sequence[int]) -> dict[int, Run]:
    """Return the newest repair of each incident that has one."""
    rows = db.session.scalars(
        select(Run)
        .where(Run.incident_id.in_(incident_ids), Run.attempt > 0)
        .order_by(Run.queued_at, Run.received_at)
    )
    return {run.incident_id: run for run in rows if run.incident_id is not None}


def last_decisions(incident_ids: Sequence[int]) -> dict[int, Decision]:
    """Return the newest decision of each incident that has one."""
    rows = db.session.scalars(
        select(Decision)
        .where(Decision.incident_id.in_(incident_ids))
        .order_by(Decision.decided_at, Decision.received_at),
    )
    return {row.incident_id: row for row in rows if row.incident_id is not None}
