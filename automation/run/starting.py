"""How `ansible-playbook` is started: from the warm parent if that is possible, else afresh."""

import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from automation.metrics import Metrics, Start
from automation.run import process
from automation.run.warm import NotWarmError, Warm

log = structlog.get_logger()


class Child(Protocol):
    """A run's process, seen by the one who waits for it."""

    def wait(self, seconds: float) -> int | None:
        """Return the exit status, minus the signal's number after one, or none if it runs for longer."""

    def end(self) -> None:
        """End all processes of the run. Returns when none is left."""


@dataclass(frozen=True)
class FreshChild:
    """A run's process that is our own child."""

    mark: str
    process: subprocess.Popen[bytes]

    def wait(self, seconds: float) -> int | None:
        """Return the exit status, minus the signal's number after one, or none if it runs for longer."""
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(seconds)
        return None

    def end(self) -> None:
        """End all processes of the run. Returns when none is left."""
        process.end(self.mark, self.process)


@dataclass(frozen=True)
class Starter:
    """Starts playbooks and says how."""

    warm: Warm | None
    """None: the setting says no."""
    metrics: Metrics

    def start(self, command: Sequence[str], *, cwd: Path, env: dict[str, str], output: Path) -> Child:
        """Start a command that carries a run's mark, its output in a file. Raises OSError."""
        mark, why = env[process.MARK], "OIMS_WARM_ANSIBLE is false"
        if self.warm:
            try:
                child = self.warm.start(command, cwd=cwd, env=env, output=output)
            except NotWarmError as error:
                why = str(error)
            else:
                self._note(mark, Start.WARM)
                return child
        self._note(mark, Start.FRESH, why)
        return FreshChild(mark, process.start(command, cwd=cwd, env=env, output=output))

    def _note(self, mark: str, start: Start, why: str | None = None) -> None:
        self.metrics.started(start)
        log.info("playbook_started", run=mark, start=start.value, why=why)
