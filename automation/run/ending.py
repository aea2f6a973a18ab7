"""How a run ended, in a state, a reason and a sentence: an exit status alone says too little."""

import signal
from collections.abc import Sequence
from typing import NamedTuple

from automation.run.tasks import Tasks
from contract.runs import RunReason, RunState

NAMED = 5
"""Tasks or processes that a sentence names; it counts the rest."""


class Ending(NamedTuple):
    """What is told of a run that is over."""

    state: RunState
    reason: RunReason | None
    detail: str | None


def classify(state: RunState, code: int | None, tasks: Tasks, ended: Sequence[str]) -> Ending:
    """Return how a run ended.

    Args:
        state: what its exit status says.
        code: the exit status; negative is the number of the signal that ended ansible-playbook.
        tasks: what it did.
        ended: the processes that it had left.

    """
    reason, said = None, ""
    if state is RunState.TIMED_OUT and tasks.unfinished:
        reason, said = RunReason.TASK_HUNG, _hung(tasks)
    elif tasks.unmatched is not None and state in {RunState.SUCCEEDED, RunState.FAILED}:
        state, reason = RunState.FAILED, RunReason.HOST_PATTERN_MISMATCH
        said = f"no host matched '{tasks.unmatched}'."
    elif state is RunState.SUCCEEDED and not tasks.has_acted:
        reason = RunReason.NOTHING_DONE
        why = "every task was skipped" if tasks.counts else "the playbook ran no task"
        said = f"it did nothing: {why}."
    elif state is RunState.FAILED and code is not None and code < 0:
        said = f"something ended ansible-playbook by {_signal(-code)}."
    left = _left(ended) if ended else ""
    return Ending(state, reason, _sentence(" ".join(part for part in (said, left) if part)))


def _signal(number: int) -> str:
    if number == signal.SIGKILL:
        return "SIGKILL, as the kernel does where memory is short"
    known = {int(one): one.name for one in signal.Signals}
    return known.get(number, f"signal {number}")


def _hung(tasks: Tasks) -> str:
    names = [f"“{name}” on {host}" for host, name in tasks.unfinished]
    return f"it had begun and not ended {_listed(names)}."


def _left(processes: Sequence[str]) -> str:
    noun = "1 process" if len(processes) == 1 else f"{len(processes)} processes"
    return f"Ended {noun} that the playbook left: {_listed(processes)}."


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _sentence(text: str) -> str | None:
    return text[:1].upper() + text[1:] or None
