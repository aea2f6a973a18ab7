"""What a guard looks at, and what it finds in the way of a run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from automation.decide.situation import Situation
from automation.ledger.episodes import Episode
from automation.policy.match import Target
from automation.policy.schemas import Limits, Policy, Remedy
from automation.records import PastRun
from contract.decisions import Reason
from contract.runs import RunState


@dataclass(frozen=True)
class Case:
    """An episode that a remedy fits, with everything the guards look at."""

    episode: Episode
    policy: Policy
    remedy: Remedy
    target: Target
    now: Situation

    @property
    def on_target(self) -> list[PastRun]:
        """The recent runs on this target."""
        return [run for run in self.now.runs if run.target == self.target.key]


def step_after(attempts: Sequence[PastRun]) -> int:
    """Return the number of the step that is next, from 1: an interrupted run is done again."""
    return 1 + sum(run.state is not RunState.INTERRUPTED for run in attempts)


def current(remedy: Remedy, limits: Limits, attempts: Sequence[PastRun], burning: int) -> Remedy:
    """Return a remedy as it is now: at its next step, and asking a person while too much burns at once."""
    found = remedy.at_step(step_after(attempts))
    return found.asking() if is_tripped(limits, burning) else found


def is_tripped(limits: Limits, burning: int) -> bool:
    """Say whether alerts of more targets began than the policy lets automation handle alone."""
    return limits.breaker is not None and burning > limits.breaker.targets


@dataclass(frozen=True)
class Obstacle:
    """A reason not to run."""

    reason: Reason
    detail: str
    until: float | None = None
    escalate: bool = False


Guard = Callable[[Case], Obstacle | None]
