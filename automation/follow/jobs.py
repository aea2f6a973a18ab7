"""What the crew does with a playbook: run it, or try it for an approval."""

from collections.abc import Callable
from dataclasses import dataclass

from automation.follow.engine import Engine
from automation.ledger import approvals
from automation.ledger.approvals import Approval
from automation.ledger.database import Ledger
from automation.ledger.episodes import get_episode
from automation.ledger.runs import Run
from automation.policy.folder import Folder
from automation.policy.schemas import Remedy
from automation.run.executor import Executor
from contract.runs import RunState


@dataclass(frozen=True)
class Jobs:
    """The work of the crew's threads."""

    ledger: Ledger
    engine: Engine
    executor: Executor
    folder: Folder
    must_end: Callable[[], bool]
    """Says whether runs in flight have to end now."""

    def execute(self, run: Run) -> None:
        """Execute a queued run, unless its alert went away between decision and start."""
        remedy = self.engine.remedy(run.document["remedy"])
        if run.attempt and not get_episode(self.ledger, run.episode).is_firing:
            self.executor.refuse(run, RunState.INTERRUPTED, "the alert resolved first")
        elif run.attempt and remedy is None:
            self.executor.refuse(run, RunState.FAILED, "the policy no longer has this remedy")
        elif remedy is None:
            self.executor.execute(run, None)
        else:
            self.executor.execute(run, self._pin(remedy), remedy.leftovers)

    def preview(self, approval: Approval) -> None:
        """Find out what an approval would change; it is told with the next look at the episode."""
        episode = get_episode(self.ledger, approval.episode)
        remedy = self.engine.remedy_at(approval.remedy, episode)
        text = (
            self.executor.preview(approval, remedy.playbook, self._pin(remedy))
            if remedy
            else "The remedy is gone."
        )
        if not self.must_end():
            approvals.set_preview(self.ledger, approval.id, text)

    def _pin(self, remedy: Remedy) -> str | None:
        """Return the digest that the playbooks folder must have for a remedy, if the policy says so."""
        return remedy.digest or (self.folder.at_start.digest if remedy.sha256 else None)
