"""Work that is done again and again in a thread of its own: heartbeat, retention, reconciler."""

import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)


class Periodic:
    """Calls ``work`` every ``interval`` seconds until stopped; what it raises is logged, not fatal."""

    def __init__(self, name: str, work: Callable[[], object], interval: float) -> None:
        self._name = name
        self._work = work
        self._interval = interval
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the call in progress finish, then end."""
        self._stop.set()
        self._thread.join()

    def _loop(self) -> None:
        while True:
            try:
                self._work()
            except Exception:
                log.exception("periodic_work_failed", work=self._name)
            if self._stop.wait(self._interval):
                return
