"""Group commit: one thread writes what all requests want written, as many of them as wait in one transaction."""

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog

from webhook.journal.store import Execute, Store, StoreError

log = structlog.get_logger(__name__)

MAX_BATCH = 64


class JournalUnavailableError(Exception):
    """Nothing was stored as far as is known, and the caller must say so; ``reason`` fits a metric's label."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the journal can't store now: {reason}")
        self.reason = reason


class _Job:
    """A piece of work that waits for its commit; the lock is the signal, held until the work is done."""

    __slots__ = ("done", "error", "is_abandoned", "result", "work")

    def __init__(self, work: Callable[[Execute], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: Exception | None = None
        self.is_abandoned = False
        self.done = threading.Lock()
        self.done.acquire()


class Committer:
    """Runs pieces of work on the store, in the order they came; each returns only when its effect is on disk."""

    def __init__(self, store: Store[Any], after_commit: Callable[[list[Any], float], None]) -> None:
        """``after_commit`` gets the results of a commit, in order, and the seconds the commit took."""
        self._store = store
        self._after_commit = after_commit
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name="committer", daemon=True)
        self._thread.start()

    def run[Result](self, work: Callable[[Execute], Result], timeout: float) -> Result:
        """Do ``work`` in the next transaction and wait until it is on disk, at most ``timeout`` seconds.

        Raises JournalUnavailableError when it is not on disk by then, as far as is known; and what ``work`` raises.
        """
        job = _Job(work)
        self._jobs.put(job)
        if not job.done.acquire(timeout=timeout):
            job.is_abandoned = True
            raise JournalUnavailableError("timeout")
        if job.error is not None:
            raise job.error
        result: Result = job.result
        return result

    def close(self) -> None:
        """Finish what waits, then end."""
        self._jobs.put(None)
        self._thread.join()

    def _loop(self) -> None:
        ending = False
        while not ending:
            batch: list[_Job] = []
            job = self._jobs.get()
            while job is not None:
                batch.append(job)
                if len(batch) == MAX_BATCH or self._jobs.empty():
                    break
                job = self._jobs.get()
            ending = job is None
            self._commit([job for job in batch if not job.is_abandoned])

    def _commit(self, batch: list[_Job]) -> None:
        """Commit the batch; work that fails by its own fault is taken out and the others are done without it."""
        while batch:
            started = time.perf_counter()
            job = batch[0]
            try:
                with self._store.transaction() as execute:
                    for job in batch:
                        job.result = job.work(execute)
            except StoreError as error:
                log.warning("journal_unavailable", reason=error.reason, detail=str(error))
                for job in batch:
                    self._finish(job, JournalUnavailableError(error.reason))
                return
            except Exception as error:
                log.exception("journal_work_failed")
                batch.remove(job)
                self._finish(job, error)
                continue
            took = time.perf_counter() - started
            for job in batch:
                self._finish(job)
            self._after_commit([job.result for job in batch], took)
            return

    @staticmethod
    def _finish(job: _Job, error: Exception | None = None) -> None:
        job.error = error
        job.done.release()
