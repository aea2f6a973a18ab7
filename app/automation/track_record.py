"""What speaks for and against a remedy: how its runs ended, why it did not run, what it would have done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from app.errors import NotFound
from app.extensions import db
from app.records.alerts import AlertEvent
from app.records.automation import AutomationHeartbeat, Decision, Run
from contract.decisions import DecisionKind
from contract.runs import RunState, Verdict

SHADOW_DAYS = 7


@dataclass(frozen=True)
class Known:
    """A remedy's name, and what the automation last reported of its policy, if it still has it."""

    name: str
    policy: dict[str, Any] | None


@dataclass(frozen=True)
class Record:
    """How all runs of a remedy ended. Durations are of the playbooks that succeeded, in seconds."""

    runs: int
    judged: int
    verified: int
    mean_s: float | None

    @property
    def sentence(self) -> str:
        """Return the record in words."""
        if not self.runs:
            return "It has never run."
        times = "once" if self.runs == 1 else f"{self.runs} times"
        if not self.judged:
            return f"It ran {times}; no run has been judged yet."
        rate = round(100 * self.verified / self.judged)
        return f"It ran {times}; {self.verified} of {self.judged} judged runs were verified ({rate} %)."


@dataclass(frozen=True)
class Shadow:
    """What a remedy would have done in the last week, had it been armed."""

    would_run: int
    cleared: int

    @property
    def sentence(self) -> str:
        """Return the evidence in words."""
        if not self.would_run:
            return f"In the last {SHADOW_DAYS} days it would not have run."
        times = "once" if self.would_run == 1 else f"{self.would_run} times"
        return (
            f"In the last {SHADOW_DAYS} days it would have run {times}; in {self.cleared} of them "
            "the alert cleared by itself within the time allowed to verify."
        )


def remedy(name: str, heartbeats: Sequence[AutomationHeartbeat]) -> Known:
    """Return a remedy that the automation reports now, or has run or decided about earlier.

    Raises:
        NotFound: nobody has heard of it.

    """
    known = (item for beat in heartbeats for item in beat.remedies if item["name"] == name)
    policy = next(known, None)
    if policy is None and not (name.isprintable() and _was_used(name)):
        raise NotFound("The automation has not reported such a remedy.")
    return Known(name, policy)


def record(name: str) -> Record:
    """Count how the remedy's runs ended."""
    counted = select(Run.verification, func.count()).where(Run.remedy == name).group_by(Run.verification)
    runs = {verdict: count for verdict, count in db.session.execute(counted)}  # noqa: C416 - rows are no tuples
    mean_s = db.session.scalar(
        select(func.avg(Run.duration_s)).where(Run.remedy == name, Run.state == RunState.SUCCEEDED)
    )
    judged = sum(count for verdict, count in runs.items() if verdict not in {None, Verdict.PENDING})
    return Record(sum(runs.values()), judged, runs.get(Verdict.VERIFIED, 0), mean_s)


def shadow(name: str, at: datetime) -> Shadow:
    """Count the last week's runs that shadow mode left out, and those whose alert ended by itself in time."""
    since = at - timedelta(days=SHADOW_DAYS)
    rows = db.session.execute(
        select(Decision.would_run_at, Decision.verify_within_s, func.min(AlertEvent.received_at))
        .outerjoin(
            AlertEvent,
            (AlertEvent.episode == Decision.episode)
            & (AlertEvent.status == "resolved")
            & (AlertEvent.received_at >= Decision.would_run_at),
        )
        .where(Decision.remedy == name, Decision.would_run_at > since)
        .group_by(Decision.id, Decision.would_run_at, Decision.verify_within_s)
    ).all()
    cleared = sum(
        start is not None and ended is not None and ended - start <= timedelta(seconds=within or 0)
        for start, within, ended in rows
    )
    return Shadow(len(rows), cleared)


def skips(name: str) -> Sequence[tuple[str, str, int]]:
    """Return decision, reason and count of the times the remedy did not run, most frequent first."""
    statement = (
        select(Decision.decision, func.coalesce(Decision.reason, ""), func.count())
        .where(Decision.remedy == name, Decision.decision != DecisionKind.RUN)
        .group_by(Decision.decision, Decision.reason)
        .order_by(func.count().desc(), Decision.reason)
    )
    return [(decision, reason, count) for decision, reason, count in db.session.execute(statement)]


def _was_used(name: str) -> bool:
    ran = select(Run.id).where(Run.remedy == name).limit(1)
    decided = select(Decision.id).where(Decision.remedy == name).limit(1)
    return bool(db.session.scalar(ran) or db.session.scalar(decided))
