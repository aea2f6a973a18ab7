"""One layer of a schedule: people who take turns. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from app.oncall.walltime import moment, shown

DAY = timedelta(days=1)
WEEK_DAYS = 7


class Unit(StrEnum):
    """What a turn is counted in."""

    HOURS = "hours"
    DAYS = "days"
    WEEKS = "weeks"


class Shift(NamedTuple):
    """A stretch of time and the accounts on call in it; without any it is a gap."""

    people: tuple[int, ...]
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Restriction:
    """Hours in which a layer counts, on the weekdays on which they begin (0: Monday).

    They may end on the next day; from a time to the same time is a whole day.
    """

    weekdays: tuple[int, ...]
    start: time = time.min
    end: time = time.min

    def on(self, day: datetime, zone: str) -> tuple[datetime, datetime] | None:
        """Return from when to when they are on this day of the zone's calendar, or nothing."""
        if day.weekday() not in self.weekdays:
            return None
        last = day if self.end > self.start else day + DAY
        return (
            moment(datetime.combine(day.date(), self.start), zone),
            moment(datetime.combine(last.date(), self.end), zone),
        )


@dataclass(frozen=True, kw_only=True)
class Layer:
    """People who take turns, from ``starts_at`` on; each turn is one person or several at once.

    Turns change by the clock of the zone, so a handover at 09:00 stays at 09:00 when clocks change. The turn
    that runs at the start may be short; it is the one numbered ``first``. A turn of nobody leaves a hole.
    """

    turns: tuple[tuple[int, ...], ...]
    starts_at: datetime
    zone: str = "UTC"
    unit: Unit = Unit.WEEKS
    every: int = 1
    handover: time = time(9)
    weekday: int = 0
    """The day of the handover, where turns are weeks."""
    ends_at: datetime | None = None
    restrictions: tuple[Restriction, ...] = ()
    first: int = 0
    key: int = 0
    """Which layer it is, whatever became of it by changes."""
    name: str = ""
    rank: int = 0
    """A higher layer wins."""

    def on_call(self, at: datetime) -> tuple[int, ...]:
        """Return who is on call by this layer alone."""
        if at < self.starts_at or (self.ends_at is not None and at >= self.ends_at):
            return ()
        return self.turns[self.turn(at)] if self._counts(at) else ()

    def turn(self, at: datetime) -> int:
        """Return the number of the turn that runs at a moment, whatever the restrictions."""
        return self._number(self._period(at))

    def handover_after(self, at: datetime) -> datetime:
        """Return when the turn that runs at a moment is over."""
        return self._boundary(self._period(at) + 1)

    def shifts(self, start: datetime, end: datetime) -> Iterator[Shift]:
        """Yield who has it by this layer alone from ``start`` to ``end``, in order and without holes."""
        low = max(start, self.starts_at)
        high = min(end, self.ends_at) if self.ends_at is not None else end
        if low >= high:
            return
        windows = self._windows(low, high) if self.restrictions else [(low, high)]
        for begins_at, ends_at in windows:
            at, period = begins_at, self._period(begins_at)
            while at < ends_at:
                until = min(self._boundary(period + 1), ends_at)
                if at < until and (people := self.turns[self._number(period)]):
                    yield Shift(people, at, until)
                at, period = until, period + 1

    def _number(self, period: int) -> int:
        return (period - self._first_period + self.first) % len(self.turns)

    @cached_property
    def _first_period(self) -> int:
        return self._period(self.starts_at)

    @cached_property
    def _step(self) -> timedelta:
        return {
            Unit.HOURS: timedelta(hours=self.every),
            Unit.DAYS: self.every * DAY,
            Unit.WEEKS: self.every * WEEK_DAYS * DAY,
        }[self.unit]

    @cached_property
    def _origin(self) -> datetime:
        """Return the last handover on the clock before the start, from which all others are counted."""
        start = shown(self.starts_at, self.zone)
        origin = datetime.combine(start.date(), self.handover)
        if origin > start:
            origin -= DAY
        if self.unit is Unit.WEEKS:
            origin -= (origin.weekday() - self.weekday) % WEEK_DAYS * DAY
        return origin

    def _boundary(self, period: int) -> datetime:
        return moment(self._origin + period * self._step, self.zone)

    def _period(self, at: datetime) -> int:
        """Return how many handovers lie between the origin and a moment; clock changes move it by a few."""
        period = (shown(at, self.zone) - self._origin) // self._step
        while self._boundary(period) > at:
            period -= 1
        while self._boundary(period + 1) <= at:
            period += 1
        return period

    def _counts(self, at: datetime) -> bool:
        if not self.restrictions:
            return True
        today = shown(at, self.zone)
        for day in (today - DAY, today, today + DAY):
            for restriction in self.restrictions:
                found = restriction.on(day, self.zone)
                if found is not None and found[0] <= at < found[1]:
                    return True
        return False

    def _windows(self, low: datetime, high: datetime) -> Sequence[tuple[datetime, datetime]]:
        """Return the times between two moments in which the layer counts, merged where they touch."""
        day, last = shown(low, self.zone) - DAY, shown(high, self.zone) + DAY
        found: list[tuple[datetime, datetime]] = []
        while day <= last:
            on_day = (restriction.on(day, self.zone) for restriction in self.restrictions)
            found += [(max(window[0], low), min(window[1], high)) for window in on_day if window]
            day += DAY
        merged: list[tuple[datetime, datetime]] = []
        for begins_at, ends_at in sorted(window for window in found if window[0] < window[1]):
            if merged and begins_at <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], ends_at))
            else:
                merged.append((begins_at, ends_at))
        return merged
