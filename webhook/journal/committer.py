"""Group commit: what all waiting requests want written goes to disk in one transaction.

There is no thread for it. Of the threads that want something written one is in front and commits for all that
wait; the others find their work done when their turn comes. So a lone request pays no switch of threads, and
eight requests pay one fsync.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import structlog

from webhook.journal.store import Execute, Store, StoreError

log = structlog.get_logger(__name__)

MAX_BATCH = 64


class JournalUnavailableError(Exception):
    """Nothing was stored as far as is known, and the caller must say so; ``reason`` fits a metric's label."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the journal can't store now: {reason}")
        self.reason = reason


class Writing(Protocol):
    """What pieces of work do their writing with, inside one transaction."""

    def flush(self) -> None:
        """Write what was kept back until the end of the transaction."""


class _Job[Tx: Writing, Result]:
    """A piece of work; its thread waits for the signal that it is done, or that it is its turn to commit."""

    __slots__ = ("error", "is_done", "is_in_front", "result", "signal", "work")

    def __init__(self, work: Callable[[Tx], Result]) -> None:
        self.work = work
        self.result: Any = None
        self.error: Exception | None = None
        self.is_done = False
        self.is_in_front = False
        self.signal = threading.Lock()
        self.signal.acquire()


class Committer[Tx: Writing]:
    """Runs pieces of work on the store, in the order they came; each returns when its effect is on disk."""

    def __init__(
        self,
        store: Store[Any],
        begin: Callable[[Execute], Tx],
        after_commit: Callable[[Tx, float], None],
        after_failure: Callable[[JournalUnavailableError], None],
    ) -> None:
        """Take what begins the writing in a transaction, and listeners for commits and failures.

        The listener for commits gets the seconds the commit took.
        """
        self._store = store
        self._begin = begin
        self._after_commit = after_commit
        self._after_failure = after_failure
        self._jobs: deque[_Job[Tx, Any]] = deque()
        self._is_led = False
        self._mutex = threading.Lock()

    def run[Result](self, work: Callable[[Tx], Result], timeout: float) -> Result:
        """Do ``work`` in the next transaction and return when it is on disk.

        Raises JournalUnavailableError if it can't be stored, or is not known to be on disk after ``timeout``
        seconds; and what ``work`` raises.
        """
        job = _Job(work)
        with self._mutex:
            self._jobs.append(job)
            job.is_in_front = not self._is_led
            self._is_led = True
        if job.is_in_front or self._is_its_turn(job, timeout):
            self._lead()
        if job.error is not None:
            raise job.error
        result: Result = job.result
        return result

    def _is_its_turn(self, job: _Job[Tx, Any], timeout: float) -> bool:
        """Wait until another thread has done the job, or has left it to this one to commit."""
        if not job.signal.acquire(timeout=timeout):
            with self._mutex:
                if not (job.is_done or job.is_in_front):
                    if job in self._jobs:
                        self._jobs.remove(job)
                    raise JournalUnavailableError("timeout")
        return not job.is_done

    def _lead(self) -> None:
        """Commit what waits, let the next thread go in front, and tell those whose work is done."""
        with self._mutex:
            batch = [self._jobs.popleft() for _ in range(min(len(self._jobs), MAX_BATCH))]
        try:
            self._commit(list(batch))
        finally:
            with self._mutex:
                for job in batch:
                    job.is_done = True
                if self._jobs:
                    self._jobs[0].is_in_front = True
                    self._jobs[0].signal.release()
                else:
                    self._is_led = False
            for job in batch:
                job.signal.release()

    def _commit(self, batch: list[_Job[Tx, Any]]) -> None:
        """Commit a batch; work that fails by its own fault is taken out, the rest is done without it."""
        while batch:
            started = time.perf_counter()
            job = batch[0]
            try:
                with self._store.transaction() as execute:
                    writing = self._begin(execute)
                    for job in batch:
                        job.result = job.work(writing)
                    writing.flush()
            except StoreError as error:
                log.warning("journal_unavailable", reason=error.reason, detail=str(error))
                failure = JournalUnavailableError(error.reason)
                for job in batch:
                    job.error = failure
                self._after_failure(failure)
                return
            except Exception as error:
                log.exception("journal_work_failed")
                batch.remove(job)
                job.error = error
                continue
            self._after_commit(writing, time.perf_counter() - started)
            return
