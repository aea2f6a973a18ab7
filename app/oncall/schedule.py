"""Who is on call by a schedule. Pure: the same schedule and moment always give the same answer.

Layers lie on each other, and where a higher one has somebody it wins; overrides then replace people. A layer
that was changed is two layers, the old one up to the change and the new one from there: so what was asked of
the past keeps its answer.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.oncall.layer import Layer, Shift


@dataclass(frozen=True, kw_only=True)
class Override:
    """Somebody takes over: from whoever is on call, or only from one of them where that one is named."""

    person: int
    starts_at: datetime
    ends_at: datetime
    instead_of: int | None = None
    reason: str = ""

    def applied(self, people: tuple[int, ...]) -> tuple[int, ...]:
        """Return who is on call with this override, of those who are without it."""
        if self.instead_of is None:
            return (self.person,)
        if self.instead_of not in people:
            return people
        return tuple(dict.fromkeys(self.person if one == self.instead_of else one for one in people))


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Layers, and overrides in the order in which they were made; a later one counts more."""

    zone: str = "UTC"
    layers: tuple[Layer, ...] = ()
    overrides: tuple[Override, ...] = ()

    def without(self, gone: frozenset[int]) -> "Schedule":
        """Return the schedule without some people: their turns are nobody's, what they took nobody took."""
        if not gone:
            return self
        layers = tuple(
            replace(layer, turns=tuple(tuple(one for one in turn if one not in gone) for turn in layer.turns))
            for layer in self.layers
        )
        overrides = tuple(override for override in self.overrides if override.person not in gone)
        return replace(self, layers=layers, overrides=overrides)


def on_call(schedule: Schedule, at: datetime) -> tuple[int, ...]:
    """Return the accounts on call at a moment, in their order; none in a gap."""
    people: tuple[int, ...] = ()
    for layer in _from_below(schedule):
        people = layer.on_call(at) or people
    for override in schedule.overrides:
        if override.starts_at <= at < override.ends_at:
            people = override.applied(people)
    return people


def shifts(schedule: Schedule, start: datetime, end: datetime) -> Sequence[Shift]:
    """Return who has it from ``start`` to ``end``, in order; gaps are left out, what continues is one."""
    return [shift for shift in whole(schedule, start, end) if shift.people]


def gaps(schedule: Schedule, start: datetime, end: datetime) -> Sequence[Shift]:
    """Return when nobody is on call from ``start`` to ``end``, in order."""
    return [shift for shift in whole(schedule, start, end) if not shift.people]


def layer_lines(schedule: Schedule, start: datetime, end: datetime) -> Sequence[tuple[str, Sequence[Shift]]]:
    """Return each layer's own line under its newest name, the highest first; changes don't divide a line."""
    newest = {layer.key: layer for layer in sorted(schedule.layers, key=lambda layer: layer.starts_at)}
    lines = []
    for named in sorted(newest.values(), key=lambda layer: layer.rank, reverse=True):
        parts = [layer for layer in schedule.layers if layer.key == named.key]
        line = [shift for part in parts for shift in part.shifts(start, end)]
        lines.append((named.name, joined(sorted(line, key=_start))))
    return lines


def whole(schedule: Schedule, start: datetime, end: datetime) -> Sequence[Shift]:
    """Return the time from ``start`` to ``end`` as shifts and gaps, in order and without holes."""
    if start >= end:
        return []
    line: Sequence[Shift] = [Shift((), start, end)]
    for layer in _from_below(schedule):
        line = list(_laid_over(line, layer.shifts(start, end)))
    return joined(_overridden(line, schedule.overrides))


def joined(line: Iterable[Shift]) -> Sequence[Shift]:
    """Return a line with neighbours of the same people as one."""
    found: list[Shift] = []
    for shift in line:
        last = found[-1] if found else None
        if last is not None and last.people == shift.people and last.ends_at == shift.starts_at:
            found[-1] = last._replace(ends_at=shift.ends_at)
        else:
            found.append(shift)
    return found


def _from_below(schedule: Schedule) -> Iterable[Layer]:
    return sorted(schedule.layers, key=lambda layer: layer.rank)


def _laid_over(line: Sequence[Shift], upper: Iterable[Shift]) -> Iterator[Shift]:
    """Yield a line that covers its whole time, with another one laid over it; both in order."""
    rest = iter(line)
    below = next(rest)
    for above in upper:
        while below.ends_at <= above.starts_at:
            yield below
            below = next(rest)
        if below.starts_at < above.starts_at:
            yield below._replace(ends_at=above.starts_at)
        yield above
        while below.ends_at <= above.ends_at:
            following = next(rest, None)
            if following is None:
                return
            below = following
        below = below._replace(starts_at=max(below.starts_at, above.ends_at))
    yield below
    yield from rest


def _overridden(line: Sequence[Shift], overrides: Sequence[Override]) -> Iterator[Shift]:
    """Yield the line cut where overrides begin and end, with those applied that hold."""
    cuts = sorted({cut for override in overrides for cut in (override.starts_at, override.ends_at)})
    waiting = sorted(enumerate(overrides), key=lambda numbered: numbered[1].starts_at, reverse=True)
    holding: list[tuple[int, Override]] = []
    for shift in _cut(line, cuts):
        holding = [numbered for numbered in holding if numbered[1].ends_at > shift.starts_at]
        while waiting and waiting[-1][1].starts_at <= shift.starts_at:
            numbered = waiting.pop()
            if numbered[1].ends_at > shift.starts_at:
                holding.append(numbered)
        people = shift.people
        for _, override in sorted(holding, key=lambda numbered: numbered[0]):
            people = override.applied(people)
        yield shift._replace(people=people)


def _cut(line: Sequence[Shift], cuts: Sequence[datetime]) -> Iterator[Shift]:
    place = 0
    for shift in line:
        starts_at = shift.starts_at
        while place < len(cuts) and cuts[place] < shift.ends_at:
            if cuts[place] > starts_at:
                yield shift._replace(starts_at=starts_at, ends_at=cuts[place])
                starts_at = cuts[place]
            place += 1
        yield shift._replace(starts_at=starts_at)


def _start(shift: Shift) -> datetime:
    return shift.starts_at
