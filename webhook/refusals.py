"""The newest delivery that was refused for good: what reads the journal must not call all well after it."""

import time
from http import HTTPStatus
from typing import NamedTuple

FOR_GOOD = frozenset({400, 403, 413})
"""Answers after which Alertmanager doesn't try again, to deliveries with a token of ours.

A delivery without one (401) may be anybody's, and moves nothing that people see.
"""


class Refused(NamedTuple):
    """How long ago a delivery, or an alert in one, was refused, and the word it is counted under."""

    age_seconds: float
    reason: str


class Refusals:
    """Remembers one refusal, the newest; any thread may note one."""

    def __init__(self) -> None:
        self._newest: tuple[float, str] | None = None

    def note(self, status: HTTPStatus, reason: str) -> None:
        """Remember a refusal that no second try mends."""
        if status in FOR_GOOD:
            self._newest = (time.monotonic(), reason)

    def newest(self) -> Refused | None:
        """Return the newest refusal of this process, none if there was none."""
        known = self._newest
        return Refused(time.monotonic() - known[0], known[1]) if known else None
