"""A bound on work that costs much memory and time: some at once, some wait, the rest comes again later."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from app.errors import Unavailable

WAIT_S = 5.0
QUEUE_PER_SLOT = 8
BUSY = "Too many log-ins at this moment. Try again in a few seconds."


def half_the_cores() -> int:
    """Return half the cores this process may use, at least one."""
    return max(1, len(os.sched_getaffinity(0)) // 2)


class Gate:
    """Lets ``slots`` in at once; ``queue`` more wait, for at most ``wait_s`` seconds."""

    def __init__(self, slots: int, queue: int, wait_s: float = WAIT_S) -> None:
        self._slots = BoundedSemaphore(slots)
        self._places = BoundedSemaphore(slots + queue)
        self._wait_s = wait_s

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Run the block inside.

        Raises:
            Unavailable: all places are taken, or none inside became free in time.

        """
        if not self._places.acquire(blocking=False):
            raise Unavailable(BUSY)
        try:
            if not self._slots.acquire(timeout=self._wait_s):
                raise Unavailable(BUSY)
            try:
                yield
            finally:
                self._slots.release()
        finally:
            self._places.release()
