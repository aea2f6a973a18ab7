"""What people and programs do with teams and schedules. Each change has its entry in the audit trail."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete as deletion
from sqlalchemy import func, select, update

from app.database import transaction
from app.errors import InvalidInput
from app.extensions import db
from app.oncall import layers, people, queries
from app.records import audit
from app.records.actors import Actor
from app.records.oncall import Schedule, Team, TeamMember
from app.records.oncall_entries import (
    ScheduleChanged,
    ScheduleCreated,
    ScheduleDeleted,
    TeamChanged,
    TeamCreated,
    TeamDeleted,
)
from app.text import entered
from contract import limits
from contract.text import one_line


@dataclass(frozen=True, kw_only=True)
class TeamPlan:
    """A team; people are named by their names or mail addresses. The lead is a member."""

    name: str
    lead: str = ""
    members: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class SchedulePlan:
    """A schedule, without its layers."""

    name: str
    zone: str = "UTC"
    team_id: int | None = None


def create_team(plan: TeamPlan, *, actor: Actor) -> Team:
    """Make a team.

    Raises:
        InvalidInput: a field is wrong, the name is taken, or there are too many.

    """
    with transaction():
        _check_count(Team, limits.TEAMS, "teams")
        team = Team(name=_name(Team, plan.name, limits.TEAM_NAME), created_by=actor.name)
        db.session.add(team)
        _fill(team, plan)
        summary = f"{actor.name} created team {team.id}: {team.name}"
        audit.record(TeamCreated(team=team.id), actor, summary)
    return team


def change_team(team_id: int, plan: TeamPlan, *, actor: Actor) -> Team:
    """Give a team another name, lead or members.

    Raises:
        NotFound: there is none with this id.
        InvalidInput: a field is wrong, or the name is taken.

    """
    with transaction():
        team = queries.team(team_id, is_locked=True)
        team.name = _name(Team, plan.name, limits.TEAM_NAME, but=team_id)
        _fill(team, plan)
        summary = f"{actor.name} changed team {team.id}: {team.name}"
        audit.record(TeamChanged(team=team.id), actor, summary)
    return team


def delete_team(team_id: int, *, actor: Actor) -> None:
    """Delete a team; its schedules go on without one.

    Raises:
        NotFound: there is none with this id.

    """
    with transaction():
        team = queries.team(team_id, is_locked=True)
        db.session.execute(update(Schedule).where(Schedule.team_id == team_id).values(team_id=None))
        summary = f"{actor.name} deleted team {team.id}: {team.name}"
        audit.record(TeamDeleted(team=team.id), actor, summary)
        db.session.delete(team)


def create(plan: SchedulePlan, *, actor: Actor) -> Schedule:
    """Make a schedule; without layers nobody is on call by it.

    Raises:
        InvalidInput: a field is wrong, the name is taken, or there are too many.

    """
    with transaction():
        _check_count(Schedule, limits.SCHEDULES, "schedules")
        schedule = Schedule(**_checked(plan), created_by=actor.name)
        db.session.add(schedule)
        db.session.flush()
        summary = f"{actor.name} created schedule {schedule.id}: {schedule.name}"
        audit.record(ScheduleCreated(schedule=schedule.id), actor, summary)
    return schedule


def change(schedule_id: int, plan: SchedulePlan, *, actor: Actor) -> Schedule:
    """Give a schedule another name, team or time zone; its layers keep to the new zone after running turns.

    Raises:
        NotFound: there is no such schedule.
        InvalidInput: a field is wrong, or the name is taken.

    """
    with transaction():
        schedule = queries.get(schedule_id, is_locked=True)
        has_moved = plan.zone != schedule.zone
        for name, value in _checked(plan, but=schedule_id).items():
            setattr(schedule, name, value)
        if has_moved:
            layers.move(schedule, actor=actor)
        summary = f"{actor.name} changed schedule {schedule.id}: {schedule.name}"
        audit.record(ScheduleChanged(schedule=schedule.id), actor, summary)
    return schedule


def delete(schedule_id: int, *, actor: Actor) -> None:
    """Delete a schedule with its layers and overrides, and what they were in the past.

    Raises:
        NotFound: there is none with this id.

    """
    with transaction():
        schedule = queries.get(schedule_id, is_locked=True)
        summary = f"{actor.name} deleted schedule {schedule.id}: {schedule.name}"
        audit.record(ScheduleDeleted(schedule=schedule.id), actor, summary)
        db.session.delete(schedule)


def _fill(team: Team, plan: TeamPlan) -> None:
    """Set lead and members; needs a running transaction()."""
    lead = people.find("lead", [plan.lead]) if plan.lead else []
    members = dict.fromkeys([*lead, *people.find("members", plan.members)])
    if len(members) > limits.TEAM_MEMBERS:
        message = f"A team has at most {limits.TEAM_MEMBERS} members."
        raise InvalidInput(message, [{"field": "members", "message": message}])
    team.lead_id = lead[0] if lead else None
    db.session.flush()
    db.session.execute(deletion(TeamMember).where(TeamMember.team_id == team.id))
    db.session.add_all(TeamMember(team_id=team.id, user_id=user_id) for user_id in members)


def _checked(plan: SchedulePlan, but: int | None = None) -> dict[str, Any]:
    if not layers.is_zone(plan.zone):
        message = "There is no time zone of this name."
        raise InvalidInput(message, [{"field": "zone", "message": message}])
    if plan.team_id is not None and not queries.has_team(plan.team_id):
        message = "There is no such team."
        raise InvalidInput(message, [{"field": "team", "message": message}])
    name = _name(Schedule, plan.name, limits.SCHEDULE_NAME, but=but)
    return {"name": name, "zone": plan.zone, "team_id": plan.team_id}


def _name(table: type[Team | Schedule], text: str, most: int, but: int | None = None) -> str:
    """Return a name that no other row has; raises InvalidInput."""
    name = one_line(entered("name", text, most, required=True))
    taken = select(table.id).where(table.name == name, table.id != (but or 0))
    if db.session.scalar(taken) is not None:
        message = "This name is taken already."
        raise InvalidInput(message, [{"field": "name", "message": message}])
    return name


def _check_count(table: type[Team | Schedule], most: int, word: str) -> None:
    if (db.session.scalar(select(func.count()).select_from(table)) or 0) >= most:
        raise InvalidInput(f"There are {most:,} {word} already; delete one first.")
