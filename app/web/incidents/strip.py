"""The geometry of the strip above the list: how many incidents were opened in each of the last 24 hours."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from app import formats

HOURS = 24
STEP = 10
WIDTH = HOURS * STEP
HEIGHT = 36.0
LOWEST = 1.0
HOUR = timedelta(hours=1)


class Column(NamedTuple):
    """One hour; heights are in the picture's units, from the bottom, and `repaired` is a part of `all`."""

    x: int
    all: float
    repaired: float
    label: str


class Strip(NamedTuple):
    """The picture, oldest hour first; `begins` is the time of day where it begins."""

    title: str
    begins: str
    columns: list[Column]


def begins_at(now: datetime) -> datetime:
    """Return the start of the first hour of the strip, in UTC."""
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) - (HOURS - 1) * HOUR


def draw(per_hour: Mapping[str, tuple[int, int]], now: datetime, zone: str) -> Strip | None:
    """Return the strip, or nothing when no incident was opened in these hours; times are in `zone`."""
    hours = [begins_at(now) + place * HOUR for place in range(HOURS)]
    counts = [per_hour.get(f"{hour:%Y-%m-%dT%H}", (0, 0)) for hour in hours]
    highest = max(sum(pair) for pair in counts)
    if not highest:
        return None
    columns = [
        Column(
            place * STEP,
            max(LOWEST, HEIGHT * (repaired + others) / highest),
            HEIGHT * repaired / highest,
            f"{formats.clock_time(hour, zone)[:5]}: {repaired + others} opened, {repaired} repaired",
        )
        for place, (hour, (repaired, others)) in enumerate(zip(hours, counts, strict=True))
    ]
    total, repaired = sum(map(sum, counts)), sum(pair[0] for pair in counts)
    title = f"{total} opened in the last {HOURS} hours, {repaired} of them repaired by automation"
    return Strip(title, formats.clock_time(hours[0], zone)[:5], columns)
