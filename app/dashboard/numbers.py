"""How it went, in numbers: each is computed from the timeline and from what was reported, nothing is kept.

An incident belongs to the period in which it was opened. *Acknowledged* is the first time a person took it,
*resolved* the last time it was resolved, if it still is. *With automation* means that a playbook ran for it.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Subquery, case, func, select

from app.accounts.models import User
from app.alerts.models import AlertEvent
from app.dashboard.periods import Period
from app.dashboard.times import unix_time, utc_day
from app.extensions import db
from app.incidents.lifecycle import Severity, State
from app.incidents.models import EventKind, Incident, TimelineEvent, Verdict
from app.incidents.queries import UNRESOLVED
from app.remediation.models import Decision, Run

SHOWN = 10
FLAP_WITHIN = timedelta(hours=1)
FLAPS = 2
"""An alert flaps when it fired again within FLAP_WITHIN of its end, at least FLAPS times in the period."""
INEFFECTIVE = frozenset({Verdict.STILL_FIRING, Verdict.TIMED_OUT})


@dataclass(frozen=True)
class Times:
    """How long a group of incidents took; sums in seconds."""

    opened: int = 0
    acknowledged: int = 0
    acknowledge_s: float = 0
    resolved: int = 0
    resolve_s: float = 0

    def __add__(self, other: "Times") -> "Times":
        """Return both groups as one."""
        mine, theirs = vars(self), vars(other)
        return Times(**{name: mine[name] + theirs[name] for name in mine})

    @property
    def mtta_s(self) -> float | None:
        """Return the mean time to acknowledge in seconds."""
        return self.acknowledge_s / self.acknowledged if self.acknowledged else None

    @property
    def mttr_s(self) -> float | None:
        """Return the mean time to resolve in seconds."""
        return self.resolve_s / self.resolved if self.resolved else None


@dataclass(frozen=True)
class Automation:
    """What the automation did in a period. `skipped` is by reason, most frequent first."""

    attempted: int
    verified: int
    ineffective: int
    inconclusive: int
    skipped: Sequence[tuple[str, int]]


def times(period: Period) -> dict[tuple[Severity, bool], Times]:
    """Return the times per severity, and by whether automation had a part in them."""
    one = _incidents(period)
    is_over = one.c.state == State.RESOLVED
    statement = select(
        one.c.severity,
        one.c.has_run,
        func.count(),
        func.count(one.c.acknowledged_at),
        func.coalesce(func.sum(unix_time(one.c.acknowledged_at) - unix_time(one.c.opened_at)), 0.0),
        func.count(case((is_over, one.c.resolved_at))),
        func.coalesce(
            func.sum(case((is_over, unix_time(one.c.resolved_at) - unix_time(one.c.opened_at)))), 0.0
        ),
    ).group_by(one.c.severity, one.c.has_run)
    return {(row[0], bool(row[1])): Times(*row[2:]) for row in db.session.execute(statement)}


def per_day(period: Period) -> dict[str, tuple[int, int]]:
    """Return how many incidents were opened on each day, with and without automation."""
    one = _incidents(period)
    day = utc_day(one.c.opened_at)
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for date, has_run, count in db.session.execute(
        select(day, one.c.has_run, func.count()).group_by(day, one.c.has_run)
    ):
        counted[date][0 if has_run else 1] = count
    return {date: (counted[date][0], counted[date][1]) for date in period.dates}


def automation(period: Period) -> Automation:
    """Count what the automation did."""
    attempted = select(func.count()).where(
        Run.incident_id.is_not(None),
        Run.attempt > 0,
        Run.started_at >= period.start,
        Run.started_at < period.end,
    )
    judged = (
        select(Run.verification, func.count())
        .where(Run.incident_id.is_not(None), Run.verdict_at >= period.start, Run.verdict_at < period.end)
        .group_by(Run.verification)
    )
    verdicts = {verdict: count for verdict, count in db.session.execute(judged)}  # noqa: C416 - rows are no tuples
    return Automation(
        attempted=db.session.scalar(attempted) or 0,
        verified=verdicts.get(Verdict.VERIFIED, 0),
        ineffective=sum(verdicts.get(verdict, 0) for verdict in INEFFECTIVE),
        inconclusive=verdicts.get(Verdict.INCONCLUSIVE, 0),
        skipped=_skipped(period),
    )


def noisiest(period: Period) -> Sequence[tuple[str, int, int]]:
    """Return the alerts that fired most: name, firings, incidents."""
    statement = (
        select(Incident.alertname, func.count(), func.count(func.distinct(Incident.id)))
        .join(AlertEvent, AlertEvent.incident_id == Incident.id)
        .where(
            AlertEvent.status == "firing",
            AlertEvent.received_at >= period.start,
            AlertEvent.received_at < period.end,
        )
        .group_by(Incident.alertname)
        .order_by(func.count().desc(), Incident.alertname)
        .limit(SHOWN)
    )
    return [(name or "", firings, incidents) for name, firings, incidents in db.session.execute(statement)]


def flapping(period: Period) -> Sequence[tuple[str, int, int]]:
    """Return alerts that keep coming back: name, times it came back soon, newest incident."""
    alert, order = AlertEvent.fingerprint, AlertEvent.seq
    event = (
        select(
            AlertEvent.fingerprint,
            AlertEvent.incident_id,
            AlertEvent.status,
            AlertEvent.received_at,
            func.lag(AlertEvent.status).over(partition_by=alert, order_by=order).label("status_before"),
            func.lag(AlertEvent.received_at).over(partition_by=alert, order_by=order).label("before"),
        )
        .where(AlertEvent.received_at >= period.start, AlertEvent.received_at < period.end)
        .subquery()
    )
    gap_s = unix_time(event.c.received_at) - unix_time(event.c.before)
    newest = func.max(event.c.incident_id).label("newest")
    back = (
        select(newest, func.count().label("times"))
        .where(
            event.c.status == "firing",
            event.c.status_before == "resolved",
            gap_s <= FLAP_WITHIN.total_seconds(),
        )
        .group_by(event.c.fingerprint)
        .having(func.count() >= FLAPS)
        .subquery()
    )
    statement = (
        select(Incident.alertname, back.c.times, Incident.id)
        .join(back, back.c.newest == Incident.id)
        .order_by(back.c.times.desc(), Incident.id)
        .limit(SHOWN)
    )
    return [(name or "", times, newest_id) for name, times, newest_id in db.session.execute(statement)]


def held() -> dict[str | None, dict[Severity, int]]:
    """Return what is unresolved now, by owner's name (None: nobody) and severity."""
    found: dict[str | None, dict[Severity, int]] = defaultdict(dict)
    statement = (
        select(User.name, Incident.severity, func.count())
        .select_from(Incident)
        .outerjoin(User, User.id == Incident.owner_id)
        .where(Incident.state.in_(UNRESOLVED))
        .group_by(User.id, User.name, Incident.severity)
        .order_by(User.name)
    )
    for name, severity, count in db.session.execute(statement):
        found[name][severity] = found[name].get(severity, 0) + count
    return found


def _incidents(period: Period) -> Subquery:
    """Return one row for each incident of the period, with its moments as the timeline has them."""

    def when(kind: EventKind) -> ColumnElement[datetime]:
        return case((TimelineEvent.kind == kind, TimelineEvent.at))

    return (
        select(
            Incident.severity,
            Incident.state,
            func.min(when(EventKind.OPENED)).label("opened_at"),
            func.min(when(EventKind.ACKNOWLEDGED)).label("acknowledged_at"),
            func.max(when(EventKind.RESOLVED)).label("resolved_at"),
            func.max(case((TimelineEvent.kind == EventKind.RUN, 1), else_=0)).label("has_run"),
        )
        .join(TimelineEvent, TimelineEvent.incident_id == Incident.id)
        .where(Incident.opened_at >= period.start, Incident.opened_at < period.end)
        .group_by(Incident.id, Incident.severity, Incident.state)
        .subquery()
    )


def _skipped(period: Period) -> Sequence[tuple[str, int]]:
    statement = (
        select(Decision.reason, func.count())
        .where(
            Decision.incident_id.is_not(None),
            Decision.decision != "run",
            Decision.decided_at >= period.start,
            Decision.decided_at < period.end,
        )
        .group_by(Decision.reason)
        .order_by(func.count().desc(), Decision.reason)
    )
    return [(reason or "", count) for reason, count in db.session.execute(statement)]
