"""What a decision is, and what it is made from."""

from dataclasses import dataclass
from datetime import datetime

from automation.instructions.schemas import Window
from automation.policy.match import Target
from contract.decisions import DecisionKind, Reason
from contract.runs import RunState, Verdict


@dataclass(frozen=True)
class PastRun:
    """One run as the guards see it."""

    episode: str
    target: str
    state: RunState
    verification: Verdict | None
    started: float
    """Steady time at which it was decided."""
    ended: float | None
    """Steady time at which it ended; none while it is queued or running."""


@dataclass(frozen=True)
class Question:
    """A run that people were asked about."""

    answer: str | None
    """`approved`, `rejected`, or none while it is open."""
    by: str
    expires: float
    """Steady time after which no answer is waited for."""
    digest: str | None = None
    """What the playbooks folder must hold for the answer to count."""


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
    progress: str | None = None
    """What of the target is coming up by itself, in words; none when nothing is, or it was not asked."""


@dataclass(frozen=True)
class Decision:
    """One decision; `until` is the steady time at which a deferral is looked at again."""

    kind: DecisionKind
    reason: Reason | None
    detail: str
    remedy: str | None = None
    playbook: str | None = None
    target: Target | None = None
    attempt: int | None = None
    until: float | None = None
    escalate: bool = False

    @property
    def acts(self) -> bool:
        """Whether it starts a run, asks for one, or says that one would have been started."""
        return self.kind is DecisionKind.RUN or self.reason in {Reason.AWAITING_APPROVAL, Reason.SHADOW}
