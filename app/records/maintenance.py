"""Maintenance windows and when they hold."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base
from contract import limits
from contract.matchers import Matcher, fits

WEEK = timedelta(weeks=1)


class Occurrence(NamedTuple):
    """One stretch of a window, in UTC."""

    starts_at: datetime
    ends_at: datetime


class MaintenanceWindow(Base):
    """A time in which the alerts that match are expected: once, or each week until ``until``."""

    __tablename__ = "maintenance_windows"
    __table_args__ = (Index("ix_maintenance_windows_until", "until"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    comment: Mapped[str] = mapped_column(
        String(limits.COMMENT), comment="why; shown wherever the window acts"
    )
    matchers: Mapped[list[dict[str, str]]] = mapped_column(JSON, comment="name, op, value; all must hold")
    starts_at: Mapped[datetime] = mapped_column(comment="of the first occurrence")
    ends_at: Mapped[datetime] = mapped_column(comment="of the first occurrence")
    is_weekly: Mapped[bool] = mapped_column(default=False)
    until: Mapped[datetime] = mapped_column(comment="nothing holds from here on")
    zone: Mapped[str] = mapped_column(
        String(64), default="UTC", comment="whose clock a weekly window keeps to"
    )
    created_by: Mapped[str] = mapped_column(String(limits.PERSON))
    created_by_id: Mapped[int | None] = mapped_column(comment="the account, if a person")
    created_by_email: Mapped[str | None] = mapped_column(
        String(limits.ADDRESS), comment="its address at that time"
    )
    created_at: Mapped[datetime] = mapped_column(default=now)
    ended_by: Mapped[str | None] = mapped_column(String(limits.PERSON), comment="who ended it early")
    ended_by_id: Mapped[int | None] = mapped_column(comment="the account, if a person")
    ended_by_email: Mapped[str | None] = mapped_column(
        String(limits.ADDRESS), comment="its address at that time"
    )

    def occurrence(self, at: datetime) -> Occurrence | None:
        """Return the stretch that holds at this moment, or nothing."""
        found = self.next(at)
        return found if found is not None and found.starts_at <= at else None

    def next(self, at: datetime) -> Occurrence | None:
        """Return the stretch that holds at this moment, or else the first one after it."""
        first = max(0, (at - self.starts_at) // WEEK - 1) if self.is_weekly else 0
        for week in range(first, first + 4 if self.is_weekly else 1):
            stretch = self._in_week(week)
            if stretch.starts_at >= self.until:
                return None
            if stretch.ends_at > at:
                return stretch
        return None

    def _in_week(self, week: int) -> Occurrence:
        """Return an occurrence; it starts and ends at the same times of day in its zone every week."""
        starts_at, ends_at = self._on_clock(self.starts_at, week), self._on_clock(self.ends_at, week)
        if ends_at <= starts_at:  # it begins in the hour that clocks skip: it begins as much earlier
            starts_at = self._on_clock(self.starts_at, week, fold=1)
        return Occurrence(starts_at, min(ends_at, self.until) if self.ended_by else ends_at)

    def _on_clock(self, first: datetime, week: int, fold: int = 0) -> datetime:
        """Return when the clock of the zone shows the time of ``first`` some weeks later.

        A time that clocks skip is read by the clock before the change, one that they show twice is the first
        of the two (RFC 5545, 3.3.5), except in the first week, whose times a person gave exactly.
        """
        if week == 0:
            return first
        later = first.astimezone(ZoneInfo(self.zone)) + week * WEEK
        return later.replace(fold=fold).astimezone(UTC)

    def last_end(self) -> datetime:
        """Return the end of the last occurrence that begins before ``until``: a last night is held whole."""
        week = max(0, (self.until - self.starts_at) // WEEK + 1) if self.is_weekly else 0
        while week and self._in_week(week).starts_at >= self.until:
            week -= 1
        return self._in_week(week).ends_at

    def fits(self, labels: dict[str, str]) -> bool:
        """Say whether it is about an alert with these labels."""
        return fits(self.conditions, labels)

    @property
    def conditions(self) -> list[Matcher]:
        """Return the matchers; as text each reads as people write it."""
        return [Matcher.model_validate(matcher) for matcher in self.matchers]
