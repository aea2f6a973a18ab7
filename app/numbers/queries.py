"""How it went, in numbers: each is computed from what happened and was reported when it is asked for.

An incident belongs to the period in which it was opened. *Acknowledged* is the first time a person took it,
*resolved* the last time it was resolved, if it still is. *With automation* means that a playbook ran for it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import aliased

from app.extensions import db
from app.incidents.queries import UNRESOLVED
from app.numbers.periods import Period
from app.numbers.times import unix_time, utc_day, utc_hour
from app.records.accounts import User
from app.records.alerts import AlertEvent
from app.records.automation import Decision, Run
from app.records.incidents import EventKind, Incident, TimelineEvent
from app.records.lifecycle import State
from app.severities import Severity
from contract.decisions import DecisionKind
from contract.runs import Verdict

SHOWN = 10
MOST_PER_DAY = 20_000
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


type Groups = Mapping[tuple[str, Severity, bool], Times]
"""Incidents by the day (UTC) of their opening, severity, and whether automation had a part in them."""


def groups(period: Period) -> Groups:
    """Count the incidents of a period in one pass; ``times`` and ``per_day`` add up what it returns.

    Opening and end stand in the incident's row, written with their timeline entries; the rest is looked up on
    the timeline by index. The end of a duplicate is no resolution.
    """
    day, has_run = utc_day(Incident.opened_at), _told(EventKind.RUN).exists()
    is_over = and_(Incident.state == State.RESOLVED, Incident.merged_into_id.is_(None))
    first_taken = (
        _told(EventKind.ACKNOWLEDGED).with_only_columns(func.min(TimelineEvent.at)).scalar_subquery()
    )
    one = (
        select(
            day.label("day"),
            Incident.severity,
            has_run.label("has_run"),
            (unix_time(first_taken) - unix_time(Incident.opened_at)).label("acknowledge_s"),
            case((is_over, unix_time(Incident.resolved_at) - unix_time(Incident.opened_at))).label(
                "resolve_s"
            ),
        )
        .where(Incident.opened_at >= period.start, Incident.opened_at < period.end)
        .subquery()
    )
    key = (one.c.day, one.c.severity, one.c.has_run)
    sums = (
        func.count(),
        *(
            part
            for column in (one.c.acknowledge_s, one.c.resolve_s)
            for part in (func.count(column), func.coalesce(func.sum(column), 0.0))
        ),
    )
    rows = db.session.execute(select(*key, *sums).group_by(*key))
    return {(row[0], row[1], bool(row[2])): Times(*row[3:]) for row in rows}


def times(found: Groups) -> dict[tuple[Severity, bool], Times]:
    """Return the times per severity, and by whether automation had a part in them."""
    total: dict[tuple[Severity, bool], Times] = defaultdict(Times)
    for (_, severity, has_run), group in found.items():
        total[severity, has_run] += group
    return dict(total)


def per_day(found: Groups, period: Period) -> dict[str, tuple[int, int]]:
    """Return how many incidents were opened on each day, with and without automation."""
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for (day, _, has_run), group in found.items():
        counted[day][0 if has_run else 1] += group.opened
    return {date: (counted[date][0], counted[date][1]) for date in period.dates}


def per_hour(since: datetime) -> dict[str, tuple[int, int]]:
    """Return how many incidents were opened in each hour (UTC, `2026-11-23T14`) since a time.

    Each pair is those that automation repaired, verified, and the others; an hour without any is left out.
    Of more than ``MOST_PER_DAY`` incidents only the newest count: each look at the list asks for this.
    """
    hour = utc_hour(Incident.opened_at)
    repaired = func.count(case((Incident.verdict == Verdict.VERIFIED, 1)))
    newest = select(func.max(Incident.id) - MOST_PER_DAY).scalar_subquery()
    rows = db.session.execute(
        select(hour, repaired, func.count())
        .where(Incident.opened_at >= since, Incident.id > newest)
        .group_by(hour)
    )
    return {name: (verified, total - verified) for name, verified, total in rows}


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
    """Return the alerts that fired most: name, firings, incidents; new words are no new firing."""
    firings = func.count(func.distinct(AlertEvent.episode))
    statement = (
        select(Incident.alertname, firings, func.count(func.distinct(Incident.id)))
        .join(AlertEvent, AlertEvent.incident_id == Incident.id)
        .where(*_fired_in(period))
        .group_by(Incident.alertname)
        .order_by(firings.desc(), Incident.alertname)
        .limit(SHOWN)
    )
    return [(name or "", firings, incidents) for name, firings, incidents in db.session.execute(statement)]


def flapping(period: Period) -> Sequence[tuple[str, int, int]]:
    """Return alerts that keep coming back: name, times it came back soon, newest incident."""
    before = aliased(AlertEvent)
    ended_at = (
        select(case((before.status == "resolved", before.received_at)))
        .where(before.fingerprint == AlertEvent.fingerprint, before.seq < AlertEvent.seq)
        .order_by(before.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    fired = (
        select(
            AlertEvent.fingerprint,
            AlertEvent.incident_id,
            (unix_time(AlertEvent.received_at) - unix_time(ended_at)).label("gap_s"),
        )
        .where(*_fired_in(period))
        .subquery()
    )
    back = (
        select(func.max(fired.c.incident_id).label("newest"), func.count().label("times"))
        .where(fired.c.gap_s <= FLAP_WITHIN.total_seconds())
        .group_by(fired.c.fingerprint)
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


def _told(kind: EventKind) -> Select[TimelineEvent]:
    """Return the entries of this kind on the timeline of the row's incident."""
    return select(TimelineEvent).where(TimelineEvent.incident_id == Incident.id, TimelineEvent.kind == kind)


def _fired_in(period: Period) -> tuple[ColumnElement[bool], ...]:
    return (
        AlertEvent.status == "firing",
        AlertEvent.received_at >= period.start,
        AlertEvent.received_at < period.end,
    )


def _skipped(period: Period) -> Sequence[tuple[str, int]]:
    statement = (
        select(Decision.reason, func.count())
        .where(
            Decision.incident_id.is_not(None),
            Decision.decision != DecisionKind.RUN,
            Decision.decided_at >= period.start,
            Decision.decided_at < period.end,
        )
        .group_by(Decision.reason)
        .order_by(func.count().desc(), Decision.reason)
    )
    return [(reason or "", count) for reason, count in db.session.execute(statement)]
