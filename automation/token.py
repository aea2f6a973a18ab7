"""The end of the token in the monitor's kubeconfig: told before it comes, while it can still be renewed.

`host_setup.sh` leaves the time in a file beside the token. A token lasts a day at most, and nothing the
monitor may do renews it: when the renewal fails, nobody else would say so before the token ends.
"""

from datetime import datetime
from enum import StrEnum
from pathlib import Path

import structlog

from automation.clock import Clock, parse_time
from contract.moments import rfc3339

SHARE = 0.25
"""How much of a token's life is left when it should have been renewed: the timer does it at a third."""
REPEAT_SECONDS = 3600.0
MAX_BYTES = 64

log = structlog.get_logger()


class Validity(StrEnum):
    """Whether a token is still of use."""

    VALID = "is valid"
    ENDS_SOON = "ends soon"
    ENDED = "has ended"
    UNKNOWN = "has no known end"


class TokenEnd:
    """Looks at the file that says when a token ends; the file's own time is when the token was made."""

    def __init__(self, file: Path, clock: Clock) -> None:
        self._file, self._clock = file, clock
        self._told, self._told_at = Validity.VALID, 0.0

    def read(self) -> tuple[Validity, datetime | None]:
        """Return whether the token is valid now, and when it ends."""
        try:
            with self._file.open(encoding="ascii") as file:
                ends = parse_time(file.read(MAX_BYTES).strip())
            made = self._file.stat().st_mtime
        except (OSError, ValueError):
            return Validity.UNKNOWN, None
        left = (ends - self._clock.wall()).total_seconds()
        if left <= 0:
            return Validity.ENDED, ends
        is_due = left < SHARE * (ends.timestamp() - made)
        return (Validity.ENDS_SOON if is_due else Validity.VALID), ends

    def look(self) -> None:
        """Log a change, and again every hour while something is to be done."""
        validity, ends = self.read()
        now = self._clock.steady()
        is_news = validity is not self._told
        if is_news or (validity is not Validity.VALID and now - self._told_at >= REPEAT_SECONDS):
            self._told, self._told_at = validity, now
            tell = log.info if validity is Validity.VALID else log.warning
            tell(
                f"the token of the kubeconfig {validity}",
                ends_at=ends and rfc3339(ends),
                file=str(self._file),
                **({} if validity is Validity.VALID else {"do": "scripts/host_setup.sh --renew"}),
            )
