"""What comes next in the paging for an incident: notify, wait or stop, with the reason in words. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.escalations.machine import Machine, Phase
from app.escalations.plan import Plan, Step, Target, When
from app.records.escalations import Escalation, EscalationAction, EscalationState
from app.records.incidents import Incident
from app.records.lifecycle import State

LAST_WAIT = timedelta(minutes=10)
"""How long the last resort may take to answer."""
LOOK_AGAIN = timedelta(seconds=30)
"""How soon to look again at what holds pages and may end early."""
LOOK_AT_LEADER = timedelta(minutes=10)
"""A page that tells of others wakes them when it ends; this is for one that could not."""


@dataclass(frozen=True)
class Hold:
    """What keeps pages back for now: ``why`` in a word, ``reason`` as a sentence."""

    why: str
    reason: str
    until: datetime


@dataclass(frozen=True)
class Notify:
    """Page this target now, then wait. ``step`` and ``round`` are where it stands in the chain."""

    target: Target
    round: int
    step: int
    wait: timedelta
    reason: str


@dataclass(frozen=True)
class Wait:
    """Look again at ``until``; the next page leaves at ``latest`` at the latest, where that is known."""

    why: str
    reason: str
    until: datetime
    latest: datetime | None = None


@dataclass(frozen=True)
class Stop:
    """Page nobody any more."""

    action: EscalationAction
    reason: str


type Next = Notify | Wait | Stop


def next_step(
    escalation: Escalation,
    incident: Incident,
    machine: Machine,
    now: datetime,
    *,
    hold: Hold | None = None,
    leader: Escalation | None = None,
) -> Next:
    """Return what comes next.

    Args:
        escalation: as it stands; its plan is the chain as it was when it began.
        incident: as it stands.
        machine: what automation does about it.
        now: the time.
        hold: maintenance, a snooze or flapping; a person's call for help passes it.
        leader: the escalation whose page tells of this incident, if one does.

    """
    end = _end(escalation, incident, machine)
    if end is not None:
        return end
    if hold is not None and not escalation.is_called:
        return Wait(hold.why, hold.reason, min(hold.until, now + LOOK_AGAIN), hold.until)
    if leader is not None and escalation.state is EscalationState.JOINED:
        joined = _with_leader(leader, now)
        if joined is not None:
            return joined
    return _wait(escalation, incident, machine, now) or position(escalation, now)


def _end(escalation: Escalation, incident: Incident, machine: Machine) -> Stop | None:
    if escalation.answered_by is not None:
        return Stop(EscalationAction.ACKNOWLEDGE, f"{escalation.answered_by} answered the page.")
    if incident.state is State.RESOLVED:
        if incident.merged_into_id is not None:
            return Stop(EscalationAction.STOP, f"incident {incident.merged_into_id} goes on for it.")
        return Stop(EscalationAction.STOP, "it is resolved.")
    if incident.state is State.ACKNOWLEDGED and not _is_called_since(escalation, incident):
        whom = incident.owner.name if incident.owner else "somebody"
        return Stop(EscalationAction.ACKNOWLEDGE, f"{whom} has it.")
    if machine.phase is Phase.VERIFIED and not escalation.is_called:
        return Stop(EscalationAction.STOP, "automation repaired it and verified the repair.")
    return None


def _is_called_since(escalation: Escalation, incident: Incident) -> bool:
    """Say whether a person asked for more people after the incident was acknowledged."""
    at = incident.acknowledged_at
    return escalation.is_called and at is not None and at <= escalation.begun_at


def _with_leader(leader: Escalation, now: datetime) -> Next | None:
    """Return what follows from the page that tells of this incident; nothing when it must have its own."""
    name = f"incident {leader.incident_id}"
    if leader.is_active:
        return Wait("joined", f"The page about {name} tells of it.", now + LOOK_AT_LEADER)
    if leader.state is EscalationState.ACKNOWLEDGED:
        return Stop(
            EscalationAction.ACKNOWLEDGE, f"the page about {name}, which told of it, is acknowledged."
        )
    if leader.state is EscalationState.UNANSWERED:
        return Stop(EscalationAction.RUN_OUT, f"nobody answered the page about {name}, which told of it.")
    return None


def _wait(escalation: Escalation, incident: Incident, machine: Machine, now: datetime) -> Wait | None:
    """Return why the next page waits, if it does: first the machine, then the hour."""
    if escalation.step_at is not None and now < escalation.step_at:
        return Wait("answer", "An answer is waited for.", escalation.step_at, escalation.step_at)
    if escalation.is_called:
        return None
    plan = Plan.model_validate(escalation.plan)
    is_first = escalation.paged_at is None
    if is_first and machine.phase is Phase.AT_WORK:
        deadline = escalation.begun_at + plan.machine_first(incident.severity)
        if now < deadline:
            until = min(deadline, machine.silent_at or deadline)
            return Wait("automation", f"Automation {machine.doing}.", until, deadline)
    if not plan.is_urgent(incident.severity) and not plan.hours.hold(now):
        until = plan.hours.next_start(now)
        return Wait("hours", f"A {incident.severity} incident waits for working hours.", until, until)
    return None


def position(escalation: Escalation, now: datetime) -> Notify | Stop:
    """Return the next step of the chain that counts now, or its end."""
    plan = Plan.model_validate(escalation.plan)
    for round_number in range(escalation.round, plan.repeats + 1):
        first = escalation.step if round_number == escalation.round else 0
        for number, step in enumerate(plan.steps[first:], first):
            if plan.counts(step, now):
                wait = timedelta(seconds=step.wait_s)
                return Notify(step.notify, round_number, number, wait, _said(step, number, round_number))
    is_done = escalation.round == plan.repeats and escalation.step > len(plan.steps)
    if plan.last_resort is not None and not is_done:
        return Notify(plan.last_resort, plan.repeats, len(plan.steps), LAST_WAIT, "the last resort")
    return Stop(EscalationAction.RUN_OUT, "nobody answered.")


def _said(step: Step, number: int, round_number: int) -> str:
    words = f"step {number + 1}"
    if step.when is not When.ALWAYS:
        words += " for working hours" if step.when is When.WORKING_HOURS else " for off hours"
    return words if round_number == 0 else f"{words}, round {round_number + 1}"
