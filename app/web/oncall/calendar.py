"""A week of a schedule as lines, and a month as days: the geometry of it; templates write it."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app import formats
from app.oncall.layer import Shift

DAY = timedelta(days=1)
WEEK = 7
WEEKS_OF_MONTH = 6
COLOURS = 6
FIRST, LAST = date(2000, 1, 1), date(2099, 12, 31)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Block(NamedTuple):
    """A stretch of a line, in percent of its width."""

    x: str
    width: str
    kind: str
    label: str
    title: str


class Line(NamedTuple):
    """One line of the week: a layer's, the overrides', or what comes of them."""

    name: str
    blocks: Sequence[Block]
    words: str
    is_final: bool = False


class Tick(NamedTuple):
    """The beginning of a day on the lines."""

    x: str
    width: str
    label: str
    is_today: bool


class Entry(NamedTuple):
    """What a shift or gap has of a day; None where it goes on from or to another day."""

    shift: Shift
    starts_at: datetime | None
    ends_at: datetime | None


class Day(NamedTuple):
    """One day of the month's calendar."""

    day: date
    begins_at: datetime
    is_today: bool
    is_other_month: bool
    entries: Sequence[Entry]


class Colours:
    """A colour for each person, the same on all lines."""

    def __init__(self, people: Sequence[int], names: dict[int, str]) -> None:
        self._number = {person: place % COLOURS for place, person in enumerate(people)}
        self._names = names

    def kind(self, people: tuple[int, ...]) -> str:
        """Return the class of a block."""
        return f"p{self._number.get(people[0], 0)}" if people else "gap"

    def label(self, people: tuple[int, ...]) -> str:
        """Return the people of a block, in words."""
        return " and ".join(self._names.get(person, "somebody") for person in people) or "nobody"


def midnight(day: date, zone: str) -> datetime:
    """Return the first moment of a day."""
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def begin(given: str | None, view: str, today: date) -> date:
    """Return the first day that a calendar shows: of the week, or of the month, in which a day lies."""
    try:
        day = date.fromisoformat(given or "")
    except ValueError:
        day = today
    day = min(max(day, FIRST), LAST)
    return day.replace(day=1) if view == "month" else day - day.weekday() * DAY


def end(first: date, view: str) -> date:
    """Return the day after the last one; a month's calendar ends with the week."""
    if view == "week":
        return first + WEEK * DAY
    following = (first + 31 * DAY).replace(day=1)
    return following + (-following.weekday() % WEEK) * DAY


def draw(
    name: str, line: Sequence[Shift], first: date, zone: str, colours: Colours, *, is_final: bool = False
) -> Line:
    """Return a week's line."""
    start, stop = midnight(first, zone), midnight(first + WEEK * DAY, zone)
    blocks = []
    for shift in line:
        begins_at, ends_at = max(shift.starts_at, start), min(shift.ends_at, stop)
        if begins_at < ends_at:
            label = colours.label(shift.people)
            title = f"{label}, {_span(shift, zone)}"
            x, width = (begins_at - start) / (stop - start), (ends_at - begins_at) / (stop - start)
            blocks.append(Block(f"{x:.3%}", f"{width:.3%}", colours.kind(shift.people), label, title))
    words = "; ".join(block.title for block in blocks) or "nobody"
    return Line(name, blocks, f"{name}: {words}", is_final)


def ticks(first: date, zone: str, today: date) -> Sequence[Tick]:
    """Return the days of a week as they lie on its lines; where clocks change, one is shorter or longer."""
    start, stop = midnight(first, zone), midnight(first + WEEK * DAY, zone)
    found = []
    for day in (first + number * DAY for number in range(WEEK)):
        x = (midnight(day, zone) - start) / (stop - start)
        width = (midnight(day + DAY, zone) - midnight(day, zone)) / (stop - start)
        found.append(Tick(f"{x:.3%}", f"{width:.3%}", f"{day:%a %-d}", day == today))
    return found


def weeks(line: Sequence[Shift], first: date, zone: str, today: date) -> Sequence[Sequence[Day]]:
    """Return the weeks of a month with what each day has."""
    monday, stop = first - first.weekday() * DAY, end(first, "month")
    days = [_day(monday + number * DAY, line, first, zone, today) for number in range((stop - monday).days)]
    return [days[number : number + WEEK] for number in range(0, len(days), WEEK)]


def _day(day: date, line: Sequence[Shift], first: date, zone: str, today: date) -> Day:
    begins_at, ends_at = midnight(day, zone), midnight(day + DAY, zone)
    entries = [
        Entry(
            shift,
            shift.starts_at if shift.starts_at > begins_at else None,
            shift.ends_at if shift.ends_at < ends_at else None,
        )
        for shift in line
        if shift.starts_at < ends_at and shift.ends_at > begins_at
    ]
    return Day(day, begins_at, day == today, day.month != first.month, entries)


def _span(shift: Shift, zone: str) -> str:
    return f"{formats.exact(shift.starts_at, zone)[:16]} to {formats.exact(shift.ends_at, zone)[:16]}"
