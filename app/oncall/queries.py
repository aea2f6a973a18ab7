"""Reading teams and schedules, and who is on call."""

from collections.abc import Collection, Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import func, or_, select

from app.clock import now
from app.errors import NotFound
from app.extensions import db
from app.oncall import layer as pure
from app.oncall import schedule as rules
from app.oncall.layer import Restriction, Unit
from app.paging import MAX_ID
from app.records.accounts import User, UserStatus
from app.records.oncall import Layer, Override, Schedule, Team, TeamMember

MINUTES_OF_DAY = 24 * 60
MOMENT = timedelta(microseconds=1)


def people_on_call(schedule_id: int, at: datetime) -> tuple[int, ...]:
    """Return the accounts on call by a schedule at a moment, in order; empty when nobody is.

    Accounts that are not active count as nobody, and so does a schedule that does not exist.
    """
    found = load([schedule_id], at, at + MOMENT).get(schedule_id)
    return rules.on_call(found.without(_gone()), at) if found is not None else ()


def members_of(team_id: int) -> tuple[int, ...]:
    """Return the active accounts in a team, in order of their names; empty when there is no such team."""
    statement = (
        select(User.id)
        .join(TeamMember, TeamMember.user_id == User.id)
        .where(TeamMember.team_id == team_id, User.status == UserStatus.ACTIVE)
        .order_by(func.lower(User.name), User.id)
    )
    return tuple(db.session.scalars(statement)) if team_id <= MAX_ID else ()


def members() -> dict[int, list[User]]:
    """Return the active members of all teams, by name."""
    statement = (
        select(TeamMember.team_id, User)
        .join(User, TeamMember.user_id == User.id)
        .where(User.status == UserStatus.ACTIVE)
        .order_by(func.lower(User.name), User.id)
    )
    found: dict[int, list[User]] = {}
    for row in db.session.execute(statement):
        found.setdefault(row.team_id, []).append(row.User)
    return found


def load(schedule_ids: Collection[int], start: datetime, end: datetime) -> dict[int, rules.Schedule]:
    """Return schedules with all that counts from ``start`` to ``end``; of other times they know nothing."""
    wanted = [schedule_id for schedule_id in schedule_ids if schedule_id <= MAX_ID]
    rows = db.session.execute(select(Schedule.id, Schedule.zone).where(Schedule.id.in_(wanted)))
    zones = {row.id: row.zone for row in rows}
    layers: dict[int, list[pure.Layer]] = {schedule_id: [] for schedule_id in zones}
    statement = select(Layer).where(
        Layer.schedule_id.in_(wanted),
        Layer.starts_at < end,
        or_(Layer.ends_at.is_(None), Layer.ends_at > start),
    )
    for row in db.session.scalars(statement.order_by(Layer.id)):
        layers[row.schedule_id].append(as_layer(row))
    taken: dict[int, list[rules.Override]] = {schedule_id: [] for schedule_id in zones}
    for override in overrides(wanted, start, end):
        taken[override.schedule_id].append(as_override(override))
    return {
        schedule_id: rules.Schedule(
            zone=zone, layers=tuple(layers[schedule_id]), overrides=tuple(taken[schedule_id])
        )
        for schedule_id, zone in zones.items()
    }


def load_live(schedule_ids: Collection[int], start: datetime, end: datetime) -> dict[int, rules.Schedule]:
    """Return schedules as `load` does, without the accounts that are not active; for what is to come."""
    gone = _gone()
    return {key: found.without(gone) for key, found in load(schedule_ids, start, end).items()}


def overrides(schedule_ids: Collection[int], start: datetime, end: datetime) -> Sequence[Override]:
    """Return the overrides that count between two moments, in the order in which they were made."""
    statement = select(Override).where(
        Override.schedule_id.in_(schedule_ids), Override.starts_at < end, Override.ends_at > start
    )
    return db.session.scalars(statement.order_by(Override.id)).all()


def get(schedule_id: int, *, is_locked: bool = False) -> Schedule:
    """Return one schedule, locked until the commit if wanted.

    Raises:
        NotFound: there is none with this id.

    """
    found = None
    if schedule_id <= MAX_ID:
        found = db.session.get(Schedule, schedule_id, with_for_update=is_locked or None)
    if found is None:
        raise NotFound(f"There is no schedule {schedule_id}.")
    return found


def team(team_id: int, *, is_locked: bool = False) -> Team:
    """Return one team, locked until the commit if wanted.

    Raises:
        NotFound: there is none with this id.

    """
    found = db.session.get(Team, team_id, with_for_update=is_locked or None) if team_id <= MAX_ID else None
    if found is None:
        raise NotFound(f"There is no team {team_id}.")
    return found


def has_team(team_id: int) -> bool:
    """Say whether there is a team with this id."""
    return team_id <= MAX_ID and db.session.get(Team, team_id) is not None


def everything() -> Sequence[Schedule]:
    """Return all schedules by name; there are at most limits.SCHEDULES."""
    return db.session.scalars(select(Schedule).order_by(func.lower(Schedule.name), Schedule.id)).all()


def teams() -> Sequence[Team]:
    """Return all teams by name; there are at most limits.TEAMS."""
    return db.session.scalars(select(Team).order_by(func.lower(Team.name), Team.id)).all()


def current_layers(schedule_id: int) -> Sequence[Layer]:
    """Return the layers as they were entered last, the highest first; a change may be still to come."""
    moment = now()
    statement = select(Layer).where(
        Layer.schedule_id == schedule_id,
        Layer.replaced_at.is_(None),
        or_(Layer.ends_at.is_(None), Layer.ends_at > moment),
    )
    return db.session.scalars(statement.order_by(Layer.rank.desc(), Layer.id)).all()


def unended_rows(schedule_id: int, key: int, at: datetime) -> Sequence[Layer]:
    """Return what a layer is from a moment on: what runs then, and a change that is still to come."""
    statement = select(Layer).where(
        Layer.schedule_id == schedule_id, Layer.key == key, or_(Layer.ends_at.is_(None), Layer.ends_at > at)
    )
    return db.session.scalars(statement.order_by(Layer.starts_at)).all()


def last_key(schedule_id: int) -> int:
    """Return the highest key that a layer of the schedule ever had; 0 without any."""
    return db.session.scalar(select(func.max(Layer.key)).where(Layer.schedule_id == schedule_id)) or 0


def names(user_ids: Collection[int]) -> dict[int, str]:
    """Return the names of accounts."""
    rows = db.session.execute(select(User.id, User.name).where(User.id.in_(user_ids)))
    return {row.id: row.name for row in rows}


def as_layer(row: Layer) -> pure.Layer:
    """Return a layer's row as the rules take it."""
    return pure.Layer(
        turns=tuple(tuple(turn) for turn in row.turns),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        zone=row.zone,
        unit=Unit(row.unit),
        every=row.every,
        handover=clock(row.handover),
        weekday=row.weekday,
        restrictions=tuple(
            Restriction(tuple(given["weekdays"]), clock(given["start"]), clock(given["end"]))
            for given in row.restrictions
        ),
        first=row.first,
        key=row.key,
        name=row.name,
        rank=row.rank,
    )


def as_override(row: Override) -> rules.Override:
    """Return an override's row as the rules take it."""
    return rules.Override(
        person=row.user_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        instead_of=row.instead_of_id,
        reason=row.reason,
    )


def clock(minutes: int) -> time:
    """Return a time of day from the minutes since midnight; 24:00 is 00:00."""
    return time(minutes % MINUTES_OF_DAY // 60, minutes % 60)


def _gone() -> frozenset[int]:
    return frozenset(db.session.scalars(select(User.id).where(User.status != UserStatus.ACTIVE)))
