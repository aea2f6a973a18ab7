"""The election, as the client libraries of Kubernetes do it: by watching whether the holder renews.

Another holder's clock is never trusted: its Lease has run out when this process has seen no renewal for its
duration. The own Lease ends a margin before others may take it, counted from the last renewal's begin.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol

import structlog

from automation.lease.record import LeaseError, Record

DURATION = 15
RENEW_EVERY = 5.0
RETRY_EVERY = 2.0
MARGIN = 5.0

log = structlog.get_logger()


class Store(Protocol):
    """Where the Lease is kept."""

    def read(self) -> Record:
        """Return the Lease as it stands. Raises LeaseError."""

    def write(self, record: Record, *, holder: str, duration: int) -> bool:
        """Write a holder in the place of `record`; say whether nobody was faster. Raises LeaseError."""


class Election:
    """Tries to hold the Lease, for as long as the process lives."""

    def __init__(
        self,
        store: Store,
        identity: str,
        changed: Callable[[], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._identity, self._changed, self._now = store, identity, changed, now
        self._seen: tuple[Record, float] | None = None
        self._valid_until = float("-inf")
        self._was_leader = False
        self.holder: str | None = None
        """Who held the Lease when it was last seen."""
        self.problem: str | None = None
        """Why the Lease cannot be read or written; none while it can."""

    @property
    def is_leader(self) -> bool:
        """Whether this process may act now."""
        return self._now() < self._valid_until

    def run(self, stop: threading.Event) -> None:
        """Take and renew the Lease until told to stop."""
        while not stop.is_set():
            self.round()
            stop.wait(RENEW_EVERY if self.is_leader and self.problem is None else RETRY_EVERY)

    def round(self) -> None:
        """Try once to take or renew the Lease."""
        try:
            self._try()
            self.problem = None
        except LeaseError as error:
            if self.problem != str(error):
                log.warning("lease_unavailable", reason=str(error))
            self.problem = str(error)
        if self.is_leader != self._was_leader:
            self._was_leader = self.is_leader
            log.info("lease_taken" if self.is_leader else "lease_held_by_another", holder=self.holder)
            self._changed()

    def release(self) -> None:
        """Give the Lease back, so that another need not wait for its end."""
        if not self.is_leader:
            return
        self._valid_until = float("-inf")
        try:
            record = self._store.read()
            if record.holder == self._identity:
                self._store.write(record, holder="", duration=1)
        except LeaseError as error:
            log.warning("lease_not_released", reason=str(error))

    def _try(self) -> None:
        asked_at = self._now()
        record = self._store.read()
        self.holder = record.holder or None
        if self._seen is None or self._seen[0] != record:
            self._seen = record, asked_at
        is_ours = record.holder == self._identity
        if not is_ours:
            self._valid_until = float("-inf")
            if record.holder and self._now() < self._seen[1] + record.duration:
                return
        if self._store.write(record, holder=self._identity, duration=DURATION):
            self.holder = self._identity
            self._valid_until = asked_at + DURATION - MARGIN
