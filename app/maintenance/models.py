"""Maintenance windows and when they hold."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base
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
    comment: Mapped[str] = mapped_column(String(500), comment="why; shown wherever the window acts")
    matchers: Mapped[list[dict[str, str]]] = mapped_column(JSON, comment="name, op, value; all must hold")
    starts_at: Mapped[datetime] = mapped_column(comment="of the first occurrence")
    ends_at: Mapped[datetime] = mapped_column(comment="of the first occurrence")
    is_weekly: Mapped[bool] = mapped_column(default=False)
    until: Mapped[datetime] = mapped_column(comment="nothing holds from here on")
    zone: Mapped[str] = mapped_column(
        String(64), default="UTC", comment="whose clock a weekly window keeps to"
    )
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(default=now)
    ended_by: Mapped[str | None] = mapped_column(String(80), comment="who ended it early")

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
        """Return an occurrence; it starts at the same time of day in its zone, also after clocks change."""
        starts = self.starts_at.astimezone(ZoneInfo(self.zone)) + week * WEEK
        starts_at = starts.astimezone(UTC)
        return Occurrence(starts_at, min(starts_at + (self.ends_at - self.starts_at), self.until))

    def fits(self, labels: dict[str, str]) -> bool:
        """Say whether it is about an alert with these labels."""
        return fits(self.conditions, labels)

    @property
    def conditions(self) -> list[Matcher]:
        """Return the matchers; as text each reads as people write it."""
        return [Matcher.model_validate(matcher) for matcher in self.matchers]
