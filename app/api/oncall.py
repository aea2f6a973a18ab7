"""Schedules and who is on call, over the API."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus

from app.api.auth import actor, current_token
from app.api.operations import operation
from app.api.schemas.base import ListOf, Nothing
from app.api.schemas.oncall import (
    ChangedLayer,
    Ending,
    LayerOut,
    NewLayer,
    NewOverride,
    NewSchedule,
    OverrideOut,
    ScheduleOut,
    ShiftOut,
    SpanQuery,
)
from app.clock import now
from app.errors import InvalidInput
from app.oncall import layers, overrides, overview, queries, service
from app.oncall.overrides import OverridePlan
from app.records.accounts import Scope
from app.records.oncall import Layer, Schedule
from contract import limits

ONE = "/schedules/<int:schedule_id>"
LONGEST = timedelta(days=limits.ONCALL_DAYS)
CREATED = (HTTPStatus.CREATED,)


@operation("GET", "/schedules", scope=Scope.READ, answers=ListOf[ScheduleOut])
def list_schedules() -> ListOf[ScheduleOut]:
    """List all schedules by name, with who is on call now and next, in one part."""
    return ListOf[ScheduleOut](items=_shown(queries.everything()), next=None)


@operation("POST", "/schedules", scope=Scope.WRITE, body=NewSchedule, answers=ScheduleOut, statuses=CREATED)
def create_schedule(*, body: NewSchedule) -> ScheduleOut:
    """Make a schedule; without layers nobody is on call by it."""
    return _one(service.create(body.plan(), actor=actor()))


@operation("GET", ONE, scope=Scope.READ, answers=ScheduleOut)
def get_schedule(*, schedule_id: int) -> ScheduleOut:
    """Show one schedule."""
    return _one(queries.get(schedule_id))


@operation("POST", ONE, scope=Scope.WRITE, body=NewSchedule, answers=ScheduleOut)
def change_schedule(*, schedule_id: int, body: NewSchedule) -> ScheduleOut:
    """Change a schedule's name, team or zone; another zone counts after the turns that run."""
    return _one(service.change(schedule_id, body.plan(), actor=actor()))


@operation("POST", f"{ONE}/delete", scope=Scope.WRITE, body=Nothing, answers=ScheduleOut)
def delete_schedule(*, schedule_id: int, body: Nothing) -> ScheduleOut:
    """Delete a schedule with all that belongs to it; the answer is what it was."""
    del body
    shown = _one(queries.get(schedule_id))
    service.delete(schedule_id, actor=actor())
    return shown


@operation("GET", f"{ONE}/shifts", scope=Scope.READ, query=SpanQuery, answers=ListOf[ShiftOut])
def list_shifts(*, schedule_id: int, query: SpanQuery) -> ListOf[ShiftOut]:
    """List shifts and gaps in order, in one part; at most 366 days."""
    schedule, moment = queries.get(schedule_id), now()
    start, end = _span(query, moment)
    found = overview.line(schedule.id, start, end, moment)
    names = queries.names({person for shift in found for person in shift.people})
    return ListOf[ShiftOut](items=[ShiftOut.of(shift, names) for shift in found], next=None)


@operation("GET", f"{ONE}/layers", scope=Scope.READ, answers=ListOf[LayerOut])
def list_layers(*, schedule_id: int) -> ListOf[LayerOut]:
    """List the layers of a schedule, the highest first, in one part."""
    found = queries.current_layers(queries.get(schedule_id).id)
    return ListOf[LayerOut](items=[_layer(layer) for layer in found], next=None)


@operation("POST", f"{ONE}/layers", scope=Scope.WRITE, body=NewLayer, answers=LayerOut, statuses=CREATED)
def add_layer(*, schedule_id: int, body: NewLayer) -> LayerOut:
    """Lay a layer over those that are there."""
    return _layer(layers.add(schedule_id, body.plan(), actor=actor()))


@operation("POST", f"{ONE}/layers/<int:key>", scope=Scope.WRITE, body=ChangedLayer, answers=LayerOut)
def change_layer(*, schedule_id: int, key: int, body: ChangedLayer) -> LayerOut:
    """Change a layer after its running turn, or at once; the past stays as it was."""
    return _layer(layers.change(schedule_id, key, body.plan(), actor=actor(), at_once=body.at_once))


@operation("POST", f"{ONE}/layers/<int:key>/remove", scope=Scope.WRITE, body=Ending, answers=LayerOut)
def remove_layer(*, schedule_id: int, key: int, body: Ending) -> LayerOut:
    """Take a layer away after its running turn, or at once; the answer is what it was."""
    shown = _layer(layers.get(schedule_id, key))
    layers.remove(schedule_id, key, actor=actor(), at_once=body.at_once)
    return shown


@operation("GET", f"{ONE}/overrides", scope=Scope.READ, answers=ListOf[OverrideOut])
def list_overrides(*, schedule_id: int) -> ListOf[OverrideOut]:
    """List the overrides of a schedule that are not over, in one part."""
    moment = now()
    found = queries.overrides([queries.get(schedule_id).id], moment, moment + 2 * overrides.FURTHEST)
    return ListOf[OverrideOut](items=[OverrideOut.of(override) for override in found], next=None)


@operation(
    "POST", f"{ONE}/overrides", scope=Scope.WRITE, body=NewOverride, answers=OverrideOut, statuses=CREATED
)
def make_override(*, schedule_id: int, body: NewOverride) -> OverrideOut:
    """Have somebody take over for a time: whom the token acts for, if no one is named."""
    plan = OverridePlan(
        person_id=_taker(body),
        starts_at=body.starts_at or now(),
        ends_at=body.ends_at,
        instead_of_id=body.instead_of,
        reason=body.reason,
    )
    return OverrideOut.of(overrides.make(schedule_id, plan, actor=actor()))


@operation("POST", "/overrides/<int:override_id>/end", scope=Scope.WRITE, body=Nothing, answers=ScheduleOut)
def end_override(*, override_id: int, body: Nothing) -> ScheduleOut:
    """End an override now, or call it off; the answer is its schedule."""
    del body
    return _one(queries.get(overrides.end(override_id, actor=actor())))


def _span(query: SpanQuery, moment: datetime) -> tuple[datetime, datetime]:
    """Return from when to when shifts are asked for; raises InvalidInput if that is too long."""
    start = query.start or moment
    end = query.end or start + overview.AHEAD
    if not timedelta() < end - start <= LONGEST:
        message = f"The end must be after the start, by at most {LONGEST.days} days."
        raise InvalidInput(message, [{"field": "end", "message": message}])
    return start, end


def _taker(body: NewOverride) -> int:
    """Return who takes over; raises InvalidInput if no one is named and the token acts for nobody."""
    person_id = body.person or current_token().created_by_id
    if person_id is None:
        message = "Say who takes over: this token acts for nobody."
        raise InvalidInput(message, [{"field": "person", "message": message}])
    return person_id


def _one(schedule: Schedule) -> ScheduleOut:
    return _shown([schedule])[0]


def _shown(schedules: Sequence[Schedule]) -> Sequence[ScheduleOut]:
    standings = overview.standings(now(), schedules)
    found = [shift for one in standings for shift in (one.now, one.next) if shift is not None]
    names = queries.names({person for shift in found for person in shift.people})
    pairs = zip(schedules, standings, strict=True)
    return [ScheduleOut.of(schedule, standing, names) for schedule, standing in pairs]


def _layer(layer: Layer) -> LayerOut:
    return LayerOut.of(layer, queries.names({person for turn in layer.turns for person in turn}))
