"""Who is meant by a target now, and how it is called."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from app.clock import now
from app.escalations.plan import Kind, Target
from app.extensions import db
from app.oncall import queries as oncall
from app.records.accounts import Role, User, UserStatus
from app.records.oncall import Schedule, Team

NOBODY = {Kind.PERSON: "can't be paged", Kind.TEAM: "has no members", Kind.SCHEDULE: "has nobody on call"}
"""Why a target means nobody; follows its name."""


def of(target: Target, at: datetime | None = None) -> Sequence[User]:
    """Return the people to page at a moment, each once, in order: active accounts that may acknowledge."""
    ids: Sequence[int] = [target.id]
    if target.kind is Kind.TEAM:
        ids = oncall.members_of(target.id)
    elif target.kind is Kind.SCHEDULE:
        ids = oncall.people_on_call(target.id, at or now())
    found = {user.id: user for user in db.session.scalars(select(User).where(User.id.in_(ids)))}
    return [found[one] for one in dict.fromkeys(ids) if one in found and may_be_paged(found[one])]


def name(target: Target) -> str:
    """Return what people call a target."""
    column = {Kind.PERSON: User.name, Kind.TEAM: Team.name, Kind.SCHEDULE: Schedule.name}[target.kind]
    found = db.session.scalar(select(column).where(column.class_.id == target.id))
    if found is None:
        return f"{target.kind} {target.id}, which is gone,"
    return found if target.kind is Kind.PERSON else f"{target.kind} “{found}”"


def exists(target: Target) -> bool:
    """Say whether a chain may name this target: teams and schedules may be empty for now."""
    if target.kind is Kind.PERSON:
        return bool(of(target))
    return db.session.get(Team if target.kind is Kind.TEAM else Schedule, target.id) is not None


def choices() -> dict[str, Sequence[tuple[Target, str]]]:
    """Return all whom a step can page, with their names, by what they are."""
    statement = select(User).where(User.status == UserStatus.ACTIVE).order_by(User.name)
    users = [user for user in db.session.scalars(statement) if may_be_paged(user)]
    return {
        "Schedules": [(Target(kind=Kind.SCHEDULE, id=row.id), row.name) for row in oncall.everything()],
        "Teams": [(Target(kind=Kind.TEAM, id=row.id), row.name) for row in oncall.teams()],
        "People": [(Target(kind=Kind.PERSON, id=user.id), user.name) for user in users],
    }


def may_be_paged(user: User) -> bool:
    """Say whether an account can answer a page."""
    return user.is_active and user.role.includes(Role.RESPONDER)
