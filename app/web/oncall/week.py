"""What the page of a schedule shows of its time: lines of a week or days of a month, and a list of shifts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.oncall import overview, queries
from app.oncall import schedule as rules
from app.oncall.layer import Shift
from app.records.oncall import Override, Schedule
from app.web.oncall import calendar
from app.web.oncall.calendar import Colours, Day, Line, Tick
from app.web.pages import zone

VIEWS = ("week", "month")
LISTED = timedelta(days=28)
MOST_LISTED = 60


@dataclass(frozen=True)
class Shown:
    """The parts of the page."""

    view: str
    first: date
    before: date
    after: date
    ticks: Sequence[Tick]
    lines: Sequence[Line]
    weeks: Sequence[Sequence[Day]]
    shifts: Sequence[Shift]
    """Shifts and gaps from now on."""
    has_more: bool
    overrides: Sequence[Override]
    """Those that are not over."""
    people: set[int]


def page(schedule: Schedule, moment: datetime, view: str | None, start: str | None) -> Shown:
    """Return what is shown around a day, or around today."""
    view = view if view in VIEWS else "week"
    today = moment.astimezone(ZoneInfo(zone())).date()
    first = calendar.begin(start, view, today)
    stop = calendar.end(first, view)
    low = first if view == "week" else first - first.weekday() * calendar.DAY
    begins_at, ends_at = calendar.midnight(low, zone()), calendar.midnight(stop, zone())
    # Nobody missed a schedule before there was one.
    line = overview.line(schedule.id, max(begins_at, schedule.created_at), ends_at, moment)
    coming = overview.line(schedule.id, moment, moment + LISTED, moment)
    overrides = queries.overrides([schedule.id], moment, moment + 2 * timedelta(days=366))
    loaded = queries.load([schedule.id], begins_at, ends_at)[schedule.id]
    people = _people(loaded, coming, overrides)
    colours = Colours(sorted(people), queries.names(people))
    is_week = view == "week"
    before = first - calendar.DAY
    return Shown(
        view=view,
        first=first,
        before=before,
        after=stop if is_week else (first + 31 * calendar.DAY).replace(day=1),
        ticks=calendar.ticks(first, zone(), today) if is_week else (),
        lines=_lines(loaded, line, first, colours) if is_week else (),
        weeks=() if is_week else calendar.weeks(line, first, zone(), today),
        shifts=coming[:MOST_LISTED],
        has_more=len(coming) > MOST_LISTED,
        overrides=overrides,
        people=people,
    )


def _lines(loaded: rules.Schedule, line: Sequence[Shift], first: date, colours: Colours) -> Sequence[Line]:
    """Return the lines of a week from the highest layer down to what comes of all."""
    begins_at, ends_at = (calendar.midnight(day, zone()) for day in (first, calendar.end(first, "week")))
    drawn = [
        calendar.draw(name, shifts, first, zone(), colours)
        for name, shifts in rules.layer_lines(loaded, begins_at, ends_at)
    ]
    if loaded.overrides:
        taken = [Shift((one.person,), one.starts_at, one.ends_at) for one in loaded.overrides]
        drawn.insert(0, calendar.draw("Overrides", taken, first, zone(), colours))
    return [*drawn, calendar.draw("On call", line, first, zone(), colours, is_final=True)]


def _people(loaded: rules.Schedule, coming: Sequence[Shift], overrides: Sequence[Override]) -> set[int]:
    people = {person for layer in loaded.layers for turn in layer.turns for person in turn}
    people |= {override.person for override in loaded.overrides}
    people |= {person for shift in coming for person in shift.people}
    taken = {person for one in overrides for person in (one.user_id, one.instead_of_id) if person}
    return people | taken
