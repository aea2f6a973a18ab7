"""Group commit: what all waiting requests want written goes to disk in one transaction.

There is no thread for it. Of the threads that wait for something to be written one is in front and commits
for all; the others find their work done when their turn comes. A thread may hand in several pieces of work
before it waits for the first. So a lone request pays no switch of threads, and eight pay one fsync.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import structlog

from webhook.journal.store import Execute, Store, StoreError

log = structlog.get_logger(__name__)


class JournalUnavailableError(Exception):
    """Nothing was stored as far as is known, and the caller must say so; ``reason`` fits a metric's label."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the journal can't store now: {reason}")
        self.reason = reason


class Writing(Protocol):
    """What pieces of work do their writing with, inside one transaction."""

    def flush(self) -> None:
        """Write what was kept back until the end of the transaction."""


class Job[Tx: Writing, Result]:
    """A piece of work; its thread waits for the signal that it is done, or that it is its turn to commit."""

    __slots__ = ("deadline", "error", "is_done", "is_in_front", "is_waited_for", "result", "signal", "work")

    def __init__(self, work: Callable[[Tx], Result], deadline: float) -> None:
        self.work = work
        self.deadline = deadline
        self.result: Any = None
        self.error: Exception | None = None
        self.is_done = False
        self.is_in_front = False
        self.is_waited_for = False
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
        self._jobs: deque[Job[Tx, Any]] = deque()
        self._is_led = False
        self._mutex = threading.Lock()

    def run[Result](self, work: Callable[[Tx], Result], timeout: float) -> Result:
        """Do ``work`` in the next transaction and return when it is on disk.

        Raises JournalUnavailableError if it can't be stored, or is not known to be on disk after ``timeout``
        seconds; and what ``work`` raises.
        """
        return self.finish(self.submit(work, timeout))

    def submit[Result](self, work: Callable[[Tx], Result], timeout: float) -> Job[Tx, Result]:
        """Have ``work`` done in the next transaction; the caller must ``finish`` the job, which sees to that.

        ``timeout`` counts from now. Jobs that one thread submits before it finishes the first share a commit.
        """
        job = Job(work, time.monotonic() + timeout)
        with self._mutex:
            self._jobs.append(job)
        return job

    def finish[Result](self, job: Job[Tx, Result]) -> Result:
        """Return what the work of ``job`` returned, once it is on disk; raises as ``run`` does."""
        with self._mutex:
            if not job.is_done:
                job.is_waited_for = True
                job.is_in_front = not self._is_led
                self._is_led = True
        if job.is_in_front or self._is_its_turn(job):
            self._lead()
        if job.error is not None:
            raise job.error
        result: Result = job.result
        return result

    def _is_its_turn(self, job: Job[Tx, Any]) -> bool:
        """Wait until another thread has done the job, or has left it to this one to commit."""
        if not job.signal.acquire(timeout=max(0.0, job.deadline - time.monotonic())):
            with self._mutex:
                if not (job.is_done or job.is_in_front):
                    if job in self._jobs:
                        self._jobs.remove(job)
                    raise JournalUnavailableError("timeout")
        return not job.is_done

    def _lead(self) -> None:
        """Commit what waits, let the next thread go in front, and tell those whose work is done."""
        with self._mutex:
            batch = [self._jobs.popleft() for _ in range(len(self._jobs))]
        try:
            self._commit(list(batch))
        finally:
            with self._mutex:
                for job in batch:
                    job.is_done = True
                heir = next((job for job in self._jobs if job.is_waited_for), None)
                if heir:
                    heir.is_in_front = True
                    heir.signal.release()
                self._is_led = heir is not None
            for job in batch:
                if not job.is_in_front:
                    job.signal.release()

    def _commit(self, batch: list[Job[Tx, Any]]) -> None:
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
