"""Four weeks of maintenance, as a calendar shows them: weeks from Monday, days of the reader's zone."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.records.maintenance import MaintenanceWindow, Occurrence

WEEKS = 4
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ONE_DAY = timedelta(days=1)


class Entry(NamedTuple):
    """What a window holds of a day, in the reader's zone; None where it goes on from or to another day."""

    window: MaintenanceWindow
    starts_at: datetime | None
    ends_at: datetime | None


class Day(NamedTuple):
    """One day; ``begins_at`` is its first moment."""

    begins_at: datetime
    is_today: bool
    entries: Sequence[Entry]


def weeks(windows: Sequence[MaintenanceWindow], at: datetime, zone: str) -> Sequence[Sequence[Day]]:
    """Return the week of this moment and those after it, each with its seven days."""
    today = at.astimezone(ZoneInfo(zone)).date()
    monday = today - today.weekday() * ONE_DAY
    days = [monday + number * ONE_DAY for number in range(7 * WEEKS)]
    end = _midnight(days[-1] + ONE_DAY, zone)
    found: dict[date, list[Entry]] = defaultdict(list)
    for window in windows:
        for stretch in _stretches(window, at, end):
            for day in days:
                if (entry := _on(day, window, stretch, zone)) is not None:
                    found[day].append(entry)
    shown = [
        Day(
            _midnight(day, zone),
            day == today,
            sorted(found[day], key=lambda entry: entry.starts_at or _midnight(day, zone)),
        )
        for day in days
    ]
    return [shown[first : first + 7] for first in range(0, len(shown), 7)]


def _stretches(window: MaintenanceWindow, at: datetime, end: datetime) -> Iterator[Occurrence]:
    """Yield what of a window is not over yet and begins before ``end``."""
    stretch = window.next(at)
    while stretch is not None and stretch.starts_at < end:
        yield stretch
        stretch = window.next(stretch.ends_at)


def _on(day: date, window: MaintenanceWindow, stretch: Occurrence, zone: str) -> Entry | None:
    begins_at, ends_at = _midnight(day, zone), _midnight(day + ONE_DAY, zone)
    if stretch.ends_at <= begins_at or stretch.starts_at >= ends_at:
        return None
    return Entry(
        window,
        stretch.starts_at if stretch.starts_at >= begins_at else None,
        stretch.ends_at if stretch.ends_at <= ends_at else None,
    )


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
