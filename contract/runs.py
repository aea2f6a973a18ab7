"""What can become of a run, its tasks and its effect, in the words that automation and app share."""

from enum import StrEnum


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    INTERRUPTED = "interrupted"
    UNKNOWN = "unknown"
    """Nobody told how it ended. Only the app says so; a report that comes later has the last word."""


OPEN = frozenset({RunState.QUEUED, RunState.RUNNING})
TOLD = frozenset({RunState.SUCCEEDED, RunState.FAILED, RunState.TIMED_OUT, RunState.INTERRUPTED})
"""The ends that automation reports."""
OVER = TOLD | {RunState.UNKNOWN}

ALLOWED: dict[RunState, frozenset[RunState]] = {
    RunState.QUEUED: OVER | {RunState.RUNNING},
    RunState.RUNNING: OVER,
    RunState.UNKNOWN: TOLD | OPEN,
    **dict.fromkeys(TOLD, frozenset()),
}
"""What may follow a state."""


class Verdict(StrEnum):
    """Whether a run that succeeded has helped."""

    PENDING = "pending"
    VERIFIED = "verified"
    STILL_FIRING = "still_firing"
    INCONCLUSIVE = "inconclusive"
    TIMED_OUT = "timed_out"


GIVEN = tuple(verdict for verdict in Verdict if verdict is not Verdict.PENDING)
"""The verdicts that end a verification."""


class RunReason(StrEnum):
    """Why a run ended as it did, where that is more than its playbook's exit status."""

    HOST_PATTERN_MISMATCH = "host_pattern_mismatch"
    """A play found none of its hosts."""
    NOTHING_DONE = "nothing_done"
    """No task was run: each was skipped, or there was none."""
    TASK_HUNG = "task_hung"
    """The time was up while a task had begun and not ended."""
    NOT_HEARD_OF = "not_heard_of"
    """Neither a report nor a heartbeat told of it for too long."""


class TaskStatus(StrEnum):
    """What became of a task on a host."""

    OK = "ok"
    CHANGED = "changed"
    SKIPPED = "skipped"
    IGNORED = "ignored"
    """It failed, and the playbook says that this does not matter."""
    RESCUED = "rescued"
    """It failed, and the playbook's rescue took over."""
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    UNFINISHED = "unfinished"
    """It had begun when the playbook was ended."""


BAD = frozenset(TaskStatus) - {TaskStatus.OK, TaskStatus.CHANGED, TaskStatus.SKIPPED}
"""What is kept of a list of tasks that is cut."""
