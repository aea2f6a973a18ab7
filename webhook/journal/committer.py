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
    """A piece of work that waits for its commit."""

    __slots__ = ("error", "is_done", "result", "work")

    def __init__(self, work: Callable[[Tx], Result]) -> None:
        self.work = work
        self.result: Any = None
        self.error: Exception | None = None
        self.is_done = False


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
        self._front = threading.Lock()

    def run[Result](self, work: Callable[[Tx], Result], timeout: float) -> Result:
        """Do ``work`` in the next transaction and return when it is on disk.

        Raises JournalUnavailableError if it can't be stored, or if its turn has not come after ``timeout``
        seconds; and what ``work`` raises.
        """
        job = _Job(work)
        self._jobs.append(job)
        if self._front.acquire(timeout=timeout):
            try:
                if not job.is_done:
                    self._commit()
            finally:
                self._front.release()
        if not job.is_done:
            self._abandon(job)
            raise JournalUnavailableError("timeout")
        if job.error is not None:
            raise job.error
        result: Result = job.result
        return result

    def _abandon(self, job: _Job[Tx, Any]) -> None:
        try:
            self._jobs.remove(job)
        except ValueError:
            log.warning("journal_answered_before_commit")

    def _commit(self) -> None:
        """Commit what waits; work that fails by its own fault is taken out, the rest is done without it."""
        batch = [self._jobs.popleft() for _ in range(min(len(self._jobs), MAX_BATCH))]
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
                self._finish(batch, failure)
                self._after_failure(failure)
                return
            except Exception as error:
                log.exception("journal_work_failed")
                batch.remove(job)
                self._finish([job], error)
                continue
            self._finish(batch, None)
            self._after_commit(writing, time.perf_counter() - started)
            return

    @staticmethod
    def _finish(jobs: list[_Job[Tx, Any]], error: Exception | None) -> None:
        for job in jobs:
            job.error = error
            job.is_done = True
