"""The geometry of the picture of an alert's expression, and the sentence that says what it shows."""

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from app.formats import clock_time
from app.records.incidents import Incident
from app.web.incidents.evidence import Series

WIDTH, HEIGHT = 720, 210
LEFT, RIGHT, TOP, BOTTOM = 48.0, 712.0, 46.0, 186.0
VALUE_STEPS = 4
ALIKE = 1e-9
"""Values that differ by less, as a share of them, are drawn as one level."""
MINUTES = (1, 2, 5, 10, 15, 30, 60, 120, 180)
"""Distances between the marks of the time axis, in minutes."""
MOST_TIMES = 7
NAME_ROOM = 150.0
"""How wide the name of a mark may be; nearer to the right edge it stands before its line."""
LEVELS = 3
"""Names of marks stand on so many lines, so that neighbours do not cover one another."""
TABLE_ROWS = 12


class Mark(NamedTuple):
    """Something that happened, for the picture; ``kind`` is its colour: ``robot``, ``ok`` or ``bad``."""

    at: datetime
    name: str
    kind: str


class Tick(NamedTuple):
    """A line of an axis, at ``place`` along it, with its words."""

    place: float
    words: str


class Flag(NamedTuple):
    """A mark where it stands in the picture."""

    x: float
    y: float
    anchor: str
    name: str
    kind: str


class Picture(NamedTuple):
    """Lines as SVG's ``points``; the incident lasts from ``start_x`` to ``end_x``. ``rows`` is a table."""

    title: str
    lines: Sequence[str]
    limit: Tick | None
    start_x: float
    end_x: float
    values: Sequence[Tick]
    times: Sequence[Tick]
    flags: Sequence[Flag]
    rows: Sequence[tuple[str, str]]


def draw(series: Series, incident: Incident, marks: Sequence[Mark], zone: str) -> Picture:
    """Return the picture; times in its words are in ``zone``."""
    given = [value for line in series.lines for _, value in line]
    limit = [] if series.limit is None else [series.limit]
    low, high = min(given), max(given)
    levels = _levels(min([low, *limit]), max([high, *limit]))
    start, end = series.starts_at.timestamp(), series.ends_at.timestamp()

    def x(at: float) -> float:
        return max(LEFT, min(RIGHT, LEFT + (at - start) / max(1.0, end - start) * (RIGHT - LEFT)))

    def y(value: float) -> float:
        return BOTTOM - (value - levels[0]) / (levels[-1] - levels[0]) * (BOTTOM - TOP)

    return Picture(
        title=_sentence(series, low, high, zone),
        lines=[" ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in line) for line in series.lines],
        limit=None if series.limit is None else Tick(y(series.limit), f"threshold {series.limit:g}"),
        start_x=x(incident.opened_at.timestamp()),
        end_x=x(incident.resolved_at.timestamp()) if incident.resolved_at else RIGHT,
        values=[Tick(y(value), f"{value:.6g}") for value in levels],
        times=[Tick(x(at.timestamp()), clock_time(at, zone)[:5]) for at in _hours(series)],
        flags=list(_flags([(x(mark.at.timestamp()), mark) for mark in marks])),
        rows=_rows(series, zone),
    )


def _levels(low: float, high: float) -> Sequence[float]:
    """Return round values for the axis that hold all others; it begins at zero where that is near."""
    if 0 < low < high:
        low = 0.0 if low < high / 2 else low
    if high - low <= max(abs(low), abs(high)) * ALIKE:
        low, high = (low - abs(low or 1.0), high + abs(high or 1.0))
    rough = (high - low) / VALUE_STEPS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * 0.999)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def _hours(series: Series) -> Iterator[datetime]:
    """Return round times of day within the picture."""
    minutes = (series.ends_at - series.starts_at).total_seconds() / 60
    step = timedelta(minutes=next((one for one in MINUTES if minutes / one <= MOST_TIMES), MINUTES[-1]))
    at = datetime.min.replace(year=1970, tzinfo=UTC)
    at += math.ceil((series.starts_at - at) / step) * step
    while at <= series.ends_at:
        yield at
        at += step


def _flags(marks: Sequence[tuple[float, Mark]]) -> Iterator[Flag]:
    for number, (x, mark) in enumerate(sorted(marks, key=lambda pair: pair[1].at)):
        is_left = x > RIGHT - NAME_ROOM
        yield Flag(x, 12.0 + number % LEVELS * 13, "end" if is_left else "start", mark.name, mark.kind)


def _rows(series: Series, zone: str) -> Sequence[tuple[str, str]]:
    line = series.lines[0]
    step = max(1, math.ceil(len(line) / TABLE_ROWS))
    return [(clock_time(datetime.fromtimestamp(at, UTC), zone), f"{value:.6g}") for at, value in line[::step]]


def _sentence(series: Series, low: float, high: float, zone: str) -> str:
    times = f"from {clock_time(series.starts_at, zone)} to {clock_time(series.ends_at, zone)}"
    limit = f", the threshold is {series.limit:g}" if series.limit is not None else ""
    return f"The alert's expression {times}: between {low:.4g} and {high:.4g}{limit}"
