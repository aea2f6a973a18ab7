"""What a decision is made from, beside the episode and the policy."""

from dataclasses import dataclass
from datetime import datetime

from automation.records import PastRun, Question
from automation.workload import Workload
from contract.instructions import Window


@dataclass(frozen=True)
class Situation:
    """Everything outside the episode and the policy that a decision depends on."""

    steady: float
    wall: datetime
    paused: str | None
    """Who paused automation, in words; none when it is not paused."""
    runs: tuple[PastRun, ...]
    """The runs of the last 24 hours and all that are not over."""
    attempts: tuple[PastRun, ...]
    """The runs of this episode, oldest first."""
    locked: frozenset[str]
    """Targets that a run holds."""
    episodes: int
    """Episodes of this alert opened within the remedy's flapping time."""
    burning: int = 0
    """Targets whose alerts began within the time of the policy's breaker."""
    question: Question | None = None
    """What people were asked about this run; none when they were not."""
    maintenance: tuple[Window, ...] = ()
    """The maintenance windows that people set in the app."""
    journal_now: datetime | None = None
    """The time of day by the journal's clock, which gave events theirs; none: take ours."""
    is_unknown: bool = False
    """Whether the ledger lost what was done about this episode."""
    muted: str | None = None
    """What holds the alert back in Alertmanager, in words; none when nothing does, or it was not asked."""
    workload: Workload | None = None
    """What the target says about itself; none when it was not asked."""
    progress: str | None = None
    """What of the target is coming up by itself, in words; none when nothing is, or it was not asked."""
