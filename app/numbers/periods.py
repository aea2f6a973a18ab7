"""The stretch of time that numbers are about; it stands in the URL."""

from dataclasses import dataclass
from datetime import datetime, timedelta

DAYS = (7, 30, 90)


@dataclass(frozen=True)
class Period:
    """From `start` up to, but not including, `end`; both aware."""

    days: int
    end: datetime

    @classmethod
    def from_url(cls, value: str | None, now: datetime) -> "Period":
        """Read `7d`, `30d` or `90d`; anything else is the week that ends now."""
        known = {f"{days}d": days for days in DAYS}
        return cls(known.get(value or "", DAYS[0]), now)

    @property
    def start(self) -> datetime:
        """Return the first moment."""
        return self.end - timedelta(days=self.days)

    @property
    def name(self) -> str:
        """Return it as the URL has it."""
        return f"{self.days}d"

    @property
    def before(self) -> "Period":
        """Return the period of the same length just before."""
        return Period(self.days, self.start)

    @property
    def dates(self) -> list[str]:
        """Return the days it touches, in UTC, as `2026-11-23`."""
        count = (self.end.date() - self.start.date()).days + 1
        return [(self.start.date() + timedelta(days=day)).isoformat() for day in range(count)]
