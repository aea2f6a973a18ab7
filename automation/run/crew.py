"""The threads that execute runs: one per run, never two for the same."""

import threading
from collections.abc import Callable

import structlog

from automation.ledger.runs import Run

log = structlog.get_logger()


class Crew:
    """Executes runs side by side."""

    def __init__(self, execute: Callable[[Run], None], done: Callable[[], None]) -> None:
        self._execute, self._done = execute, done
        self._threads: dict[str, threading.Thread] = {}

    def start(self, run: Run) -> None:
        """Start a queued run, unless it is at work already."""
        if run.id not in self.at_work():
            thread = threading.Thread(target=self._work, args=(run,), name=f"run-{run.id}")
            self._threads[run.id] = thread
            thread.start()

    def at_work(self) -> set[str]:
        """Return the ids of the runs that are being executed."""
        self._threads = {name: thread for name, thread in self._threads.items() if thread.is_alive()}
        return set(self._threads)

    def wait(self, seconds: float) -> None:
        """Wait for each run at work, at most so long."""
        for thread in list(self._threads.values()):
            thread.join(seconds)

    def _work(self, run: Run) -> None:
        try:
            self._execute(run)
        except Exception:
            log.exception("run ended in an error of automation", run=run.id)
        finally:
            self._done()
