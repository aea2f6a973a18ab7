"""Who is on call now, who is next, and which gaps lie ahead, for all schedules together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app.extensions import db
from app.oncall import queries
from app.oncall import schedule as rules
from app.oncall.layer import Shift
from app.records.oncall import Schedule, TeamMember
from contract import limits

AHEAD = timedelta(days=28)
"""How far is looked for the next shift and for gaps."""


@dataclass(frozen=True)
class Standing:
    """How one schedule stands: ``now`` has nobody in a gap, and ends where AHEAD ends if nothing changes."""

    schedule_id: int
    name: str
    team_id: int | None
    now: Shift
    next: Shift | None
    gap: Shift | None
    """The first one that is still to come."""
    is_endless: bool


def standings(at: datetime, schedules: Sequence[Schedule] | None = None) -> Sequence[Standing]:
    """Return how schedules stand at a moment; all of them by name, if none are given."""
    rows = queries.everything() if schedules is None else schedules
    found = queries.load_live([row.id for row in rows], at, at + AHEAD)
    return [_standing(row, found[row.id], at) for row in rows]


def my_shifts(user_id: int, start: datetime, end: datetime) -> Sequence[tuple[Schedule, Shift]]:
    """Return one person's shifts of all schedules, in order; those without others' times."""
    rows = queries.everything()
    found = queries.load_live([row.id for row in rows], start, end)
    mine = [
        (row, shift)
        for row in rows
        for shift in rules.shifts(found[row.id], start, end)
        if user_id in shift.people
    ]
    return sorted(mine, key=lambda one: (one[1].starts_at, one[0].id))


def line(schedule_id: int, start: datetime, end: datetime, at: datetime) -> Sequence[Shift]:
    """Return a schedule's shifts and gaps in order: as it was before a moment, as it will be from there."""
    parts: list[Shift] = []
    if start < at:
        parts += rules.whole(queries.load([schedule_id], start, at)[schedule_id], start, min(at, end))
    if end > at:
        begin = max(start, at)
        parts += rules.whole(queries.load_live([schedule_id], begin, end)[schedule_id], begin, end)
    return rules.joined(parts)[: limits.ONCALL_SHIFTS]


def teams_of_people() -> dict[int, frozenset[int]]:
    """Return the teams of each person who is in one."""
    found: dict[int, set[int]] = {}
    for row in db.session.execute(select(TeamMember.user_id, TeamMember.team_id)):
        found.setdefault(row.user_id, set()).add(row.team_id)
    return {user_id: frozenset(teams) for user_id, teams in found.items()}


def _standing(row: Schedule, schedule: rules.Schedule, at: datetime) -> Standing:
    whole = rules.whole(schedule, at, at + AHEAD)
    following = whole[1:]
    return Standing(
        schedule_id=row.id,
        name=row.name,
        team_id=row.team_id,
        now=whole[0],
        next=next((shift for shift in following if shift.people), None),
        gap=next((shift for shift in following if not shift.people), None),
        is_endless=not following,
    )
