"""What the machine is doing about an incident, as its reports and signs of life tell."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select

from app.database import once
from app.extensions import db
from app.formats import target_name
from app.records.automation import SILENT_AFTER, AutomationControl, AutomationHeartbeat, Decision, Run
from app.records.incidents import Incident, Source
from contract.decisions import DecisionKind, Reason
from contract.runs import OPEN, RunState, Verdict

VERBS = {"restart": "restarting", "scale": "scaling", "rollback": "rolling back"}


class Phase(StrEnum):
    """How far the machine is."""

    NO_PART = "no_part"
    """It has nothing to do with this incident, or there is no machine."""
    AT_WORK = "at_work"
    """It decides, runs or verifies."""
    GAVE_UP = "gave_up"
    AWAY = "away"
    VERIFIED = "verified"


@dataclass(frozen=True)
class Machine:
    """How far the machine is with an incident; ``doing`` follows "automation ". Silence ends its time."""

    phase: Phase
    doing: str = ""
    silent_at: datetime | None = None


NO_PART = Machine(Phase.NO_PART)


@dataclass(frozen=True)
class Pulse:
    """The last sign of life of any automation."""

    heard_at: datetime | None
    is_paused: bool


def of(incident: Incident, now: datetime) -> Machine:
    """Return what the machine does about an incident's present episode."""
    if incident.source is not Source.ALERT or incident.episode is None:
        return NO_PART
    return judge(_last_run(incident), _last_decision(incident), once("automation's pulse", _pulse), now)


def judge(run: Run | None, decision: Decision | None, pulse: Pulse, now: datetime) -> Machine:
    """Return how far the machine is, from its last reports and its last sign of life; pure."""
    is_newer = decision is not None and (run is None or _is_after(decision, run))
    news = decision if is_newer else None
    if run is not None and run.verification is Verdict.VERIFIED:
        return Machine(Phase.VERIFIED)
    if (run is not None and _has_failed(run)) or (news is not None and _has_given_up(news)):
        return Machine(Phase.GAVE_UP)
    if pulse.heard_at is None:
        return NO_PART
    silent_at = pulse.heard_at + SILENT_AFTER
    if silent_at <= now or pulse.is_paused:
        return Machine(Phase.AWAY)
    return Machine(Phase.AT_WORK, _doing(run, news), silent_at)


def _has_given_up(decision: Decision) -> bool:
    """Say whether it leaves this episode to people; that of an alert which has ended needs nobody."""
    is_declined = decision.decision is DecisionKind.DECLINED and decision.reason != Reason.ALREADY_RESOLVED
    return is_declined or decision.escalate


def _has_failed(run: Run) -> bool:
    if run.state in OPEN:
        return False
    if run.state is not RunState.SUCCEEDED:
        return True
    return run.verification not in {None, Verdict.PENDING, Verdict.VERIFIED}


def _is_after(decision: Decision, run: Run) -> bool:
    """Say whether a decision is about what comes after a run, not the one that began it."""
    if decision.attempt is not None:
        return decision.attempt > run.attempt
    return decision.decided_at > (run.queued_at or run.received_at)


def _doing(run: Run | None, decision: Decision | None) -> str:
    if decision is not None:
        if decision.decision is DecisionKind.RUN:
            return f"is about to run {decision.playbook or 'a playbook'} on {target_name(decision.target)}"
        return (
            "waits for somebody's approval"
            if decision.reason == Reason.AWAITING_APPROVAL
            else "holds its repair"
        )
    if run is None:
        return "decides what to do"
    if run.state in OPEN:
        verb = VERBS.get(run.playbook.partition("_")[0].partition("-")[0])
        return f"is {verb or f'running {run.playbook} on'} {target_name(run.target)}"
    return f"verifies its repair of {target_name(run.target)}"


def _last_run(incident: Incident) -> Run | None:
    statement = select(Run).where(
        Run.incident_id == incident.id, Run.episode == incident.episode, Run.attempt > 0
    )
    return db.session.scalar(
        statement.order_by(Run.attempt.desc(), Run.queued_at.desc(), Run.id.desc()).limit(1)
    )


def _last_decision(incident: Incident) -> Decision | None:
    statement = select(Decision).where(
        Decision.incident_id == incident.id, Decision.episode == incident.episode
    )
    return db.session.scalar(statement.order_by(Decision.decided_at.desc(), Decision.id.desc()).limit(1))


def _pulse() -> Pulse:
    heard_at = db.session.scalar(select(func.max(AutomationHeartbeat.received_at)))
    last = db.session.scalar(
        select(AutomationHeartbeat).order_by(AutomationHeartbeat.received_at.desc()).limit(1)
    )
    control = db.session.get(AutomationControl, 1)
    is_paused = (control is not None and control.is_paused) or (last is not None and last.is_paused)
    return Pulse(heard_at, is_paused)
