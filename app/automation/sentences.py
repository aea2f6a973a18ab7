"""The sentences in which the automation's reports stand on the timeline."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.clock import in_words
from app.formats import target_name
from app.records.automation import Decision, Run
from app.records.entries import RunTold, VerdictTold
from contract.decisions import DecisionKind
from contract.runs import OVER, TOLD, RunState, TaskStatus, Verdict
from contract.text import one_line

LAST_WORDS = 500
"""Characters of a playbook's own words that the timeline shows; the run's page has the rest."""

NAMED_HOSTS = 5
WRONG = frozenset({TaskStatus.FAILED, TaskStatus.UNREACHABLE, TaskStatus.UNFINISHED})

VERDICTS = {
    Verdict.VERIFIED: "Verified: the same alert cleared and stayed clear.",
    Verdict.STILL_FIRING: "The repair did not help: the alert still fires.",
    Verdict.INCONCLUSIVE: "It can't be said whether the repair helped.",
    Verdict.TIMED_OUT: "The alert did not clear in the time allowed.",
}


@dataclass(frozen=True)
class Phase:
    """How much of a run has been told."""

    is_started: bool = False
    is_finished: bool = False
    verdict: Verdict | None = None

    @classmethod
    def of(cls, run: Run) -> "Phase":
        """Return what the stored version of a run has told already; nothing for a run just made."""
        if run.version == 0:
            return cls()
        return cls(run.started_at is not None, run.state in TOLD, run.verification)


@dataclass(frozen=True)
class Told:
    """One timeline entry about a run."""

    entry: RunTold | VerdictTold
    summary: str
    at: datetime | None


def of_decision(decision: Decision) -> str:
    """Return a decision as a sentence with its reason."""
    if decision.decision is DecisionKind.RUN:
        return f"Decided to run {decision.playbook or 'a playbook'}. {decision.detail}".strip()
    return f"{'Waiting' if decision.decision is DecisionKind.DEFERRED else 'Not run'}: {decision.detail}"


def of_run(run: Run, before: Phase) -> Iterator[Told]:
    """Yield what a run's newest version tells that was not told before."""
    if run.started_at is not None and not before.is_started:
        purpose = f"attempt {run.attempt}" if run.is_repair else "to show what is wrong; it repairs nothing"
        summary = f"Playbook started: {run.playbook} on {target_name(run.target)}, {purpose}."
        yield Told(RunTold(run_id=run.id, phase="started"), summary, run.started_at)
    if run.state in OVER and not before.is_finished:
        yield Told(RunTold(run_id=run.id, phase="finished"), _ending(run), run.finished_at)
    if run.verification in VERDICTS and run.verification is not before.verdict:
        summary = VERDICTS[run.verification]
        if run.verdict_detail:
            summary = f"{summary} {run.verdict_detail}"
        entry = VerdictTold(run_id=run.id, phase=run.verification.value)
        yield Told(entry, summary, run.verdict_at)


def _ending(run: Run) -> str:
    took = f" after {in_words(run.duration_s)}" if run.duration_s is not None else ""
    detail = f" {run.detail}" if run.detail else ""
    told = detail + _tasks(run) + _last_words(run.tasks)
    match run.state:
        case RunState.SUCCEEDED:
            return f"Playbook finished{took}.{told}"
        case RunState.FAILED:
            status = "" if run.exit_code is None else f", exit status {run.exit_code}"
            return f"Playbook failed{took}{status}.{told}"
        case RunState.TIMED_OUT:
            return f"Playbook stopped{took}: it took longer than allowed.{told}"
        case RunState.UNKNOWN:
            return f"Nobody told how the playbook ended.{detail}"
        case _:
            return f"Playbook interrupted{took}: the automation stopped while it ran.{told}"


def _tasks(run: Run) -> str:
    """Return how many tasks ended how, and where they went wrong if there was more than one host."""
    counts = run.task_counts or Counter(task["status"] for task in run.tasks)
    if not counts:
        return ""
    tasks = ", ".join(f"{count:,} {status}" for status, count in counts.items() if count)
    hosts = {task["host"]: None for task in run.tasks if task.get("host")}
    if len(hosts) < 2:  # noqa: PLR2004 - the one host is the target
        return f" Tasks: {tasks}."
    wrong = list({task["host"]: None for task in run.tasks if task.get("host") and task["status"] in WRONG})
    named = ", ".join(wrong[:NAMED_HOSTS]) + (" and others" if len(wrong) > NAMED_HOSTS else "")
    return f" Tasks on {len(hosts)} hosts: {tasks}{f' (wrong on {named})' if wrong else ''}."


def _last_words(tasks: Sequence[Mapping[str, Any]]) -> str:
    """Return what the playbook said last: its outcome, or why it did not go on."""
    words = next((task["message"] for task in reversed(tasks) if task.get("message")), "")
    return f" {one_line(words, LAST_WORDS)}" if words else ""
