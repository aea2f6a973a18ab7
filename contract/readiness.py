"""Whether a part is ready, answered in time: what it depends on may give no answer at all."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock

PATIENCE_S = 1.5
"""Whoever asks gets an answer within two seconds."""


class Asker[T]:
    """Asks a question in a thread of its own: one without an answer holds that thread, and no request."""

    def __init__(self, question: Callable[[], T]) -> None:
        self._question = question
        self._thread = ThreadPoolExecutor(1, "readiness")
        self._lock = Lock()
        self._asked: Future[T] | None = None

    def ask(self) -> T:
        """Return the answer; a question that is still open is not asked twice.

        Raises:
            TimeoutError: there is none yet. What the question raises is raised here as well.

        """
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = self._thread.submit(self._question)
            asked = self._asked
        return asked.result(PATIENCE_S)
