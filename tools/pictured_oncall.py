"""Teams and schedules as the pictures show them: turns of a week, nights, an override and a gap."""

from datetime import timedelta

from app.accounts import service as accounts
from app.clock import now
from app.database import transaction
from app.extensions import db
from app.oncall import layers, overrides, queries, service
from app.oncall.layer import Unit
from app.oncall.layers import LayerPlan
from app.oncall.overrides import OverridePlan
from app.oncall.service import SchedulePlan, TeamPlan
from app.records.actors import Actor, ActorKind
from app.records.oncall import Layer, Schedule

BY = Actor(ActorKind.SYSTEM, "Nora")
MOST = 4


def plan() -> tuple[int, int]:
    """Make schedules of some people, the first of whom leads; return the number of one, and its team's."""
    people = [person.email for person in accounts.assignable()][:MOST]
    team = service.create_team(TeamPlan(name="Shop", lead=people[0], members=people), actor=BY)
    shop = service.create(SchedulePlan(name="Shop", zone="Europe/Berlin", team_id=team.id), actor=BY)
    weekly = LayerPlan(name="Weekly", turns=[[person] for person in people])
    layers.add(shop.id, weekly, actor=BY)
    nights = LayerPlan(
        name="Nights",
        turns=[[person] for person in reversed(people)],
        unit=Unit.DAYS,
        restrictions=["Mon-Thu 20:00-08:00"],
    )
    layers.add(shop.id, nights, actor=BY)
    _take_over(shop.id)
    platform = service.create(SchedulePlan(name="Platform", zone="UTC"), actor=BY)
    hours = LayerPlan(name="Office hours", turns=[people[:2]], restrictions=["Mon-Fri 08:00-18:00"])
    layers.add(platform.id, hours, actor=BY)
    _age(timedelta(weeks=6))
    return shop.id, team.id


def _age(by: timedelta) -> None:
    """Let everything be older, so that there is a past to look at."""
    with transaction():
        for row in (*db.session.query(Schedule), *db.session.query(Layer)):
            row.created_at -= by
            if isinstance(row, Layer):
                row.starts_at -= by


def _take_over(schedule_id: int) -> None:
    """Let the second person take over for some hours on the day after tomorrow."""
    layer = queries.current_layers(schedule_id)[-1]
    start = (now() + timedelta(days=2)).replace(hour=12, minute=0, second=0)
    dentist = OverridePlan(
        person_id=layer.turns[-1][0],
        starts_at=start,
        ends_at=start + timedelta(hours=14),
        reason="Dentist",
    )
    overrides.make(schedule_id, dentist, actor=BY)
