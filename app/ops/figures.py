"""The numbers behind the metrics, read from the database."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select

from app.automation import queries
from app.clock import now
from app.extensions import db
from app.incidents.queries import counts
from app.records.alerts import JournalCursor
from app.records.audit_kinds import AuditKind
from app.records.automation import AutomationHeartbeat, Decision, Run
from app.records.channels import Channel
from app.records.lifecycle import State
from app.records.operations import AuditEvent, WorkerHeartbeat
from app.records.outbox import MailKind, MailState, OutboxMessage
from app.severities import Severity
from contract.runs import OVER, Verdict

UNSENT = (MailState.WAITING, MailState.SENDING)


def incidents() -> dict[tuple[State, Severity], int]:
    """Return how many incidents there are per state and severity."""
    return counts()


def messages() -> dict[tuple[Channel, MailState], int]:
    """Return how many messages there are per channel and state."""
    columns = (OutboxMessage.channel, OutboxMessage.state)
    rows = db.session.execute(select(*columns, func.count()).group_by(*columns))
    return {(channel, state): count for channel, state, count in rows}


def oldest_message_s(channel: Channel) -> float:
    """Return the age of a channel's oldest unsent message in seconds, 0 when none waits.

    What maintenance holds back, and what a person's rules send later, waits on purpose.
    """
    is_early = and_(
        or_(OutboxMessage.window_id.is_not(None), OutboxMessage.kind == MailKind.PAGE),
        OutboxMessage.attempts == 0,
        OutboxMessage.next_at > now(),
    )
    oldest = db.session.scalar(
        select(func.min(OutboxMessage.created_at)).where(
            OutboxMessage.channel == channel, OutboxMessage.state.in_(UNSENT), ~is_early
        )
    )
    return (now() - oldest).total_seconds() if oldest else 0.0


def journal() -> tuple[int, float]:
    """Return the offset, and the seconds since the journal was read to its end."""
    place = db.session.get(JournalCursor, 1)
    if place is None:
        return 0, 0.0
    return place.offset, max(0.0, (now() - place.caught_up_at).total_seconds())


def journal_gaps() -> int:
    """Return how often events were pruned before they were read."""
    statement = select(func.count()).select_from(AuditEvent).where(AuditEvent.kind == AuditKind.JOURNAL_GAP)
    return db.session.scalar(statement) or 0


def worker_beat() -> float | None:
    """Return when a worker was last alive, as a Unix time."""
    return _stamp(db.session.scalar(select(func.max(WorkerHeartbeat.at))))


def automation_beat() -> AutomationHeartbeat | None:
    """Return the automation's last sign of life."""
    return next(iter(queries.heartbeats()), None)


def is_paused(beat: AutomationHeartbeat | None) -> bool:
    """Say whether people have paused the automation, here or, as it says itself, on its host."""
    return queries.is_paused() or (beat is not None and beat.is_paused)


def automation() -> Iterator[tuple[str, str, Sequence[str], Sequence[tuple[Sequence[str], int]]]]:
    """Yield name, help, label names and counts of runs, verdicts and decisions."""
    runs = select(Run.remedy, Run.state, func.count()).where(Run.state.in_(OVER))
    yield (
        "oims_remediation_runs_total",
        "Playbook runs that ended.",
        ("remedy", "state"),
        _counted(runs.group_by(Run.remedy, Run.state)),
    )
    verdicts = select(Run.remedy, Run.verification, func.count()).where(
        Run.verification.is_not(None), Run.verification != Verdict.PENDING
    )
    yield (
        "oims_remediation_verdicts_total",
        "Runs by whether they helped.",
        ("remedy", "verdict"),
        _counted(verdicts.group_by(Run.remedy, Run.verification)),
    )
    decisions = select(Decision.decision, Decision.reason, func.count())
    yield (
        "oims_remediation_decisions_total",
        "Decisions to run or not to run.",
        ("decision", "reason"),
        _counted(decisions.group_by(Decision.decision, Decision.reason)),
    )


def _counted(statement: Any) -> list[tuple[Sequence[str], int]]:
    rows = db.session.execute(statement)
    return [((str(first), str(second or "")), count) for first, second, count in rows]


def _stamp(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None
