"""Layers of a schedule, and how they change without changing what was.

A change takes effect when the turn that runs is over, or at once where that is wanted; up to then the layer
stays as it was, in a row of its own. The order goes on after the turn that ran.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.clock import now
from app.database import transaction
from app.errors import FieldError, InvalidInput, NotFound
from app.extensions import db
from app.oncall import people, queries
from app.oncall.layer import WEEK_DAYS, Restriction, Unit
from app.oncall.notation import read_clock, read_restriction
from app.records import audit
from app.records.actors import Actor
from app.records.oncall import Layer, Schedule
from app.records.oncall_entries import LayerChanged
from app.text import entered
from contract import limits
from contract.text import one_line

MOST = {Unit.HOURS: limits.TURN_HOURS, Unit.DAYS: limits.TURN_DAYS, Unit.WEEKS: limits.TURN_WEEKS}
PLACE = ("name", "rank", "zone", "unit", "every", "handover", "weekday", "turns", "restrictions", "ends_at")
"""What makes a layer what it is; a row that differs in none of them is no change."""


@dataclass(frozen=True, kw_only=True)
class LayerPlan:
    """A layer as people write it.

    Turns are of names or mail addresses, restrictions such as `Mon-Fri 20:00-08:00`.
    """

    name: str
    turns: Sequence[Sequence[str]]
    unit: Unit = Unit.WEEKS
    every: int = 1
    handover: str = "09:00"
    weekday: int = 0
    restrictions: Sequence[str] = ()
    starts_at: datetime | None = None
    """When the first turn begins; empty: now. One that has begun keeps its start."""
    ends_at: datetime | None = None


def add(schedule_id: int, plan: LayerPlan, *, actor: Actor) -> Layer:
    """Lay a layer over those that are there.

    Raises:
        NotFound: there is no such schedule.
        InvalidInput: a field is wrong, or there are too many layers.

    """
    values = _checked(plan)
    with transaction():
        schedule = queries.get(schedule_id, is_locked=True)
        present = queries.current_layers(schedule_id)
        if len(present) >= limits.LAYERS:
            raise InvalidInput(f"A schedule has at most {limits.LAYERS} layers; remove one first.")
        values["rank"] = max((layer.rank for layer in present), default=-1) + 1
        values["starts_at"] = max(plan.starts_at or now(), now())
        _check_end(values["starts_at"], plan.ends_at)
        layer = _new(schedule, queries.last_key(schedule_id) + 1, values, actor)
        _record(layer, actor, "added")
    return layer


def change(
    schedule_id: int,
    key: int,
    plan: LayerPlan,
    *,
    actor: Actor,
    rank: int | None = None,
    at_once: bool = False,
) -> Layer:
    """Change a layer from the end of its running turn on, or at once; what was stays.

    Raises:
        NotFound: there is no such layer.
        InvalidInput: a field is wrong.

    """
    values = _checked(plan)
    with transaction():
        schedule = queries.get(schedule_id, is_locked=True)
        old = get(schedule_id, key)
        values["rank"] = old.rank if rank is None else rank
        values["zone"] = schedule.zone
        has_moved = old.starts_at > now() and plan.starts_at not in {None, old.starts_at}
        if not has_moved and all(getattr(old, name) == values[name] for name in PLACE):
            return old
        layer = _replace(schedule, old, values, actor, at_once=at_once, starts_at=plan.starts_at)
        _record(layer, actor, "changed")
    return layer


def remove(schedule_id: int, key: int, *, actor: Actor, at_once: bool = False) -> None:
    """Take a layer away, from the end of its running turn on, or at once; what was stays.

    Raises:
        NotFound: there is no such layer.

    """
    with transaction():
        queries.get(schedule_id, is_locked=True)
        layer = get(schedule_id, key)
        _record(layer, actor, "removed")
        _end(layer, at_once=at_once)


def move(schedule: Schedule, *, actor: Actor) -> None:
    """Let all layers keep to the schedule's zone, each after its running turn; needs a transaction()."""
    for layer in queries.current_layers(schedule.id):
        values = {name: getattr(layer, name) for name in PLACE} | {"zone": schedule.zone}
        _replace(schedule, layer, values, actor, at_once=False, starts_at=layer.starts_at)


def get(schedule_id: int, key: int) -> Layer:
    """Return a layer as it was entered last.

    Raises:
        NotFound: there is none with this key.

    """
    found = [layer for layer in queries.current_layers(schedule_id) if layer.key == key]
    if not found:
        raise NotFound(f"Schedule {schedule_id} has no layer {key}.")
    return found[0]


def is_zone(name: str) -> bool:
    """Say whether there is a time zone of this name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _replace(
    schedule: Schedule,
    old: Layer,
    values: dict[str, Any],
    actor: Actor,
    *,
    at_once: bool,
    starts_at: datetime | None,
) -> Layer:
    running = _end(old, at_once=at_once)
    values["starts_at"] = max(starts_at or old.starts_at, now()) if running is None else running.ends_at
    _check_end(values["starts_at"], values["ends_at"])
    layer = _new(schedule, old.key, values, actor)
    if running is not None:
        layer.first = _next(running, layer, goes_on=at_once or _begins_short(layer))
    return layer


def _end(layer: Layer, *, at_once: bool) -> Layer | None:
    """End a layer when its running turn is over, or now; return the row that runs, if one does.

    What has not begun is as if it had never been: the layer itself, or a change that was still to come.
    """
    moment = now()
    running = None
    for row in queries.unended_rows(layer.schedule_id, layer.key, moment):
        if row.starts_at > moment:
            db.session.delete(row)
            continue
        running = row
        if at_once:
            row.ends_at = moment
        elif row.replaced_at is None:
            over_at = queries.as_layer(row).handover_after(moment)
            row.ends_at = min(over_at, row.ends_at) if row.ends_at is not None else over_at
        row.replaced_at = moment
    db.session.flush()
    return running


def _begins_short(layer: Layer) -> bool:
    """Say whether the first turn has less than half of its time: who ran before then keeps it too."""
    rules = queries.as_layer(layer)
    first_over_at = rules.handover_after(layer.starts_at)
    return 2 * (first_over_at - layer.starts_at) < rules.handover_after(first_over_at) - first_over_at


def _next(running: Layer, layer: Layer, *, goes_on: bool) -> int:
    """Return the turn with which the order goes on: the one after that which ran, if it is still there."""
    rules = queries.as_layer(running)
    number = rules.turn(now())
    turns, ran = layer.turns, running.turns[number]
    if ran in turns:
        return (turns.index(ran) + (0 if goes_on else 1)) % len(turns)
    following = running.turns[(number + 1) % len(running.turns)]
    return turns.index(following) if following in turns else 0


def _new(schedule: Schedule, key: int, values: dict[str, Any], actor: Actor) -> Layer:
    layer = Layer(
        **{"first": 0} | values | {"zone": schedule.zone},
        schedule_id=schedule.id,
        key=key,
        created_by=actor.name,
    )
    db.session.add(layer)
    db.session.flush()
    return layer


def _record(layer: Layer, actor: Actor, word: str) -> None:
    summary = f"{actor.name} {word} layer {layer.name} of schedule {layer.schedule_id}"
    audit.record(LayerChanged(schedule=layer.schedule_id, layer=layer.key), actor, summary)


def _check_end(starts_at: datetime, ends_at: datetime | None) -> None:
    if ends_at is not None and ends_at <= starts_at:
        message = "The end must be after the start."
        raise InvalidInput(message, [{"field": "ends_at", "message": message}])


def _checked(plan: LayerPlan) -> dict[str, Any]:
    """Return the columns that a plan gives; raises InvalidInput with all that is wrong."""
    errors: list[FieldError] = []
    most = MOST[plan.unit]
    if not 1 <= plan.every <= most:
        errors.append({"field": "every", "message": f"A turn lasts at most {most} {plan.unit}."})
    if not 0 <= plan.weekday < WEEK_DAYS:
        errors.append({"field": "weekday", "message": "Choose a day of the week."})
    handover = 0
    try:
        handover = _minutes(read_clock(plan.handover))
    except ValueError as error:
        errors.append({"field": "handover", "message": str(error)})
    turns = _turns(plan.turns, errors)
    restrictions = _restrictions(plan.restrictions, errors)
    if errors:
        raise InvalidInput(errors[0]["message"], errors)
    return {
        "name": one_line(entered("name", plan.name, limits.LAYER_NAME, required=True)),
        "unit": plan.unit.value,
        "every": plan.every,
        "handover": handover,
        "weekday": plan.weekday,
        "turns": turns,
        "restrictions": restrictions,
        "ends_at": plan.ends_at,
    }


def _turns(given: Sequence[Sequence[str]], errors: list[FieldError]) -> list[list[int]]:
    if not given or len(given) > limits.TURNS:
        message = "Name at least one person." if not given else f"A layer has at most {limits.TURNS} turns."
        errors.append({"field": "turns", "message": message})
        return []
    if any(not turn or len(turn) > limits.PEOPLE_AT_ONCE for turn in given):
        message = f"Name one to {limits.PEOPLE_AT_ONCE} people for each turn."
        errors.append({"field": "turns", "message": message})
        return []
    try:
        return [people.find("turns", turn) for turn in given]
    except InvalidInput as error:
        errors += error.errors
        return []


def _restrictions(given: Sequence[str], errors: list[FieldError]) -> list[dict[str, Any]]:
    if len(given) > limits.RESTRICTIONS:
        message = f"A layer has at most {limits.RESTRICTIONS} restrictions."
        errors.append({"field": "restrictions", "message": message})
        return []
    try:
        return [_stored(read_restriction(text)) for text in given]
    except ValueError as error:
        errors.append({"field": "restrictions", "message": str(error)})
        return []


def _stored(restriction: Restriction) -> dict[str, Any]:
    return {
        "weekdays": list(restriction.weekdays),
        "start": _minutes(restriction.start),
        "end": _minutes(restriction.end),
    }


def _minutes(clock: Any) -> int:
    return int(clock.hour * 60 + clock.minute)
