"""The threads in which playbooks run: one per run or preview, never two for the same."""

import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger()


class Crew:
    """Does work side by side."""

    def __init__(self, done: Callable[[], None]) -> None:
        self._done = done
        self._threads: dict[str, threading.Thread] = {}

    def start(self, name: str, work: Callable[[], None]) -> None:
        """Start the work of a name, unless it is being done already."""
        if name not in self.at_work():
            thread = threading.Thread(target=self._work, args=(name, work), name=name)
            self._threads[name] = thread
            thread.start()

    def at_work(self) -> set[str]:
        """Return the names of what is being done."""
        self._threads = {name: thread for name, thread in self._threads.items() if thread.is_alive()}
        return set(self._threads)

    def wait(self, seconds: float) -> None:
        """Wait for all that is at work, at most so long for each."""
        for thread in list(self._threads.values()):
            thread.join(seconds)

    def _work(self, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            log.exception("run_crashed", run=name)
        finally:
            self._done()
