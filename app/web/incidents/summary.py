"""The incident in two sentences and a strip of steps: what happened, who has it, whether it worked.

Pure functions over what was read; every sentence of the summary box is made here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app import formats
from app.records.actors import ActorKind
from app.records.automation import Decision, Run
from app.records.incidents import EventKind, Incident, Source, TimelineEvent
from app.records.lifecycle import State
from app.web import words
from contract.decisions import DecisionKind
from contract.runs import RunState, Verdict


@dataclass(frozen=True)
class Step:
    """One mark on the strip. kind: `done`, `now` or `failed`."""

    when: str
    label: str
    kind: str = "done"


@dataclass(frozen=True)
class Summary:
    """`lead`, then the run (if there is one), then `outcome` and `ending`."""

    lead: str
    outcome: str
    ending: str
    run: Run | None
    lasted: str
    who: str
    steps: Sequence[Step] = field(default_factory=tuple)


def summarize(
    incident: Incident,
    events: Sequence[TimelineEvent],
    runs: Sequence[Run],
    decisions: Sequence[Decision],
    now: datetime,
    *,
    zone: str = "UTC",
) -> Summary:
    """Return the summary of an incident in the reader's `zone`; all else is given oldest first."""
    run = next((run for run in reversed(runs) if run.is_repair), None)
    if run is not None:
        lead, outcome = _of_run(run)
    elif decisions:
        lead, outcome = _of_decision(decisions[-1])
    else:
        lead, outcome = _of_people(incident, events)
    return Summary(
        lead=lead,
        outcome=outcome,
        ending=_ending(incident, events, run),
        run=run,
        lasted=_lasted(incident, now),
        who=_who(incident, events),
        steps=_steps(incident, events, run, zone),
    )


_RUN_WORDS = {
    RunState.QUEUED: ("Going to run", "It waits for its turn."),
    RunState.RUNNING: ("Running", ""),
    RunState.TIMED_OUT: ("Tried", "The playbook did not finish in time and was stopped."),
    RunState.INTERRUPTED: ("Tried", "The run was interrupted before it finished."),
    RunState.UNKNOWN: ("Tried", "Nobody told how the run ended."),
}
_VERDICT_WORDS = {
    Verdict.PENDING: ("Ran", "The playbook finished. Now checking that the alert clears and stays clear."),
    Verdict.VERIFIED: ("Repaired:", "The same alert cleared and stayed clear."),
    Verdict.STILL_FIRING: ("Ran", "It did not help: the alert still fires."),
    Verdict.INCONCLUSIVE: ("Ran", "Whether it helped can't be told."),
    Verdict.TIMED_OUT: ("Ran", "The alert did not clear in time."),
}


def _of_run(run: Run) -> tuple[str, str]:
    if run.reason is not None and run.detail:
        return "Tried", run.detail
    if run.state is RunState.FAILED:
        failed = next(
            (task["name"] for task in run.tasks if task.get("status") in {"failed", "unreachable"}), None
        )
        return "Tried", f"The playbook failed at “{failed}”." if failed else "The playbook failed."
    if run.state in _RUN_WORDS:
        return _RUN_WORDS[run.state]
    lead, outcome = _VERDICT_WORDS[run.verification or Verdict.PENDING]
    return lead, run.verdict_detail or outcome


def _of_decision(decision: Decision) -> tuple[str, str]:
    if decision.decision is DecisionKind.RUN:
        return f"Automation decided to run {decision.playbook}.", formats.sentence(decision.detail)
    return (
        "Not run yet." if decision.decision is DecisionKind.DEFERRED else "Not run by automation."
    ), formats.sentence(decision.detail)


def _of_people(incident: Incident, events: Sequence[TimelineEvent]) -> tuple[str, str]:
    if incident.source is Source.PERSON:
        author = events[0].actor_name if events else "a person"
        return f"Reported by {author}.", ""
    if incident.source is Source.SYSTEM:
        return "Noticed by OIMS itself.", "Automation has no part in it."
    if incident.is_firing:
        return "The alert is firing.", "Automation has not reported a decision yet."
    return "The alert has ended.", "Automation reported nothing about it."


def _ending(incident: Incident, events: Sequence[TimelineEvent], run: Run | None) -> str:
    """Say how it was resolved, unless the verdict has said so already."""
    end = next((event for event in reversed(events) if event.kind is EventKind.RESOLVED), None)
    if incident.state is not State.RESOLVED or end is None:
        return ""
    is_told = run is not None and run.verification is Verdict.VERIFIED
    return "" if is_told and end.actor_kind is not ActorKind.PERSON else end.summary


def _lasted(incident: Incident, now: datetime) -> str:
    if incident.resolved_at is not None:
        return f"lasted {formats.duration((incident.resolved_at - incident.opened_at).total_seconds())}"
    return f"open for {formats.age((now - incident.opened_at).total_seconds())}"


def _who(incident: Incident, events: Sequence[TimelineEvent]) -> str:
    if incident.owner is not None:
        return f"{incident.owner.name} {'had' if incident.state is State.RESOLVED else 'has'} it"
    if incident.state is not State.RESOLVED:
        return "nobody has it yet"
    return "" if any(event.actor_kind is ActorKind.PERSON for event in events) else "no person was needed"


_EVENT_STEPS = {
    EventKind.ACKNOWLEDGED: ("acknowledged", "done"),
    EventKind.ESCALATED: ("escalated", "failed"),
    EventKind.REOPENED: ("reopened", "failed"),
    EventKind.RESOLVED: ("resolved", "done"),
}


def _steps(incident: Incident, events: Sequence[TimelineEvent], run: Run | None, zone: str) -> Sequence[Step]:
    marks = [(event.at, *_EVENT_STEPS[event.kind]) for event in _newest_of_each(events)]
    marks += _run_marks(run) if run is not None else []
    marks.sort(key=lambda mark: mark[0])
    start = incident.opened_at
    label = "reported"
    fired_at = events[0].data.get("fired_at") if events else None
    if fired_at:
        marks.insert(0, (start, "incident opened", "done"))
        start, label = datetime.fromisoformat(fired_at), "alert fired"
    first = Step(formats.clock_time(start, zone), label)
    later = [
        Step(f"+ {formats.duration((at - start).total_seconds())}", label, kind) for at, label, kind in marks
    ]
    return [first, *later] if later else []


def _newest_of_each(events: Sequence[TimelineEvent]) -> Sequence[TimelineEvent]:
    return list({event.kind: event for event in events if event.kind in _EVENT_STEPS}.values())


def _run_marks(run: Run) -> list[tuple[datetime, str, str]]:
    marks: list[tuple[datetime, str, str]] = []
    if run.started_at is not None:
        marks.append((run.started_at, "playbook started", "now" if run.finished_at is None else "done"))
    if run.finished_at is not None:
        is_good = run.state is RunState.SUCCEEDED
        marks.append(
            (
                run.finished_at,
                "playbook finished" if is_good else words.RUN_STATES[run.state].word.lower(),
                "done" if is_good else "failed",
            )
        )
    if run.verdict_at is not None and run.verification is not None:
        is_good = run.verification is Verdict.VERIFIED
        marks.append(
            (
                run.verdict_at,
                "verified" if is_good else words.VERDICTS[run.verification].word.lower(),
                "done" if is_good else "failed",
            )
        )
    return marks
