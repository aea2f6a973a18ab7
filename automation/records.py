"""What the ledger keeps of runs, questions and decisions, as deciding needs it."""

from dataclasses import dataclass

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
