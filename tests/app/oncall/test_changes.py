"""Teams, schedules, layers and overrides: made and changed, and the past stays as it was."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from app.clock import now
from app.errors import InvalidInput, InvalidTransition, NotFound
from app.oncall import layers, overrides, queries, service
from app.oncall import schedule as rules
from app.oncall.layer import Restriction, Unit
from app.oncall.layers import LayerPlan
from app.oncall.notation import read_clock, read_restriction, write_restriction
from app.oncall.overrides import OverridePlan
from app.oncall.service import SchedulePlan, TeamPlan
from app.records import audit
from app.records.actors import SYSTEM
from app.records.audit_kinds import AuditKind
from contract import limits

MONDAY = datetime(2026, 11, 30, 8, tzinfo=UTC)  # 09:00 in Berlin
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


@pytest.fixture
def clock():
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield clock


@pytest.fixture
def schedule(clock, people):
    return service.create(SchedulePlan(name="Shop", zone="Europe/Berlin"), actor=SYSTEM)


@pytest.fixture
def layer(schedule):
    return layers.add(schedule.id, plan(), actor=SYSTEM)


def plan(**values):
    return LayerPlan(**({"name": "Weekly", "turns": [["Ada"], ["grace@example.org"]]} | values))


def line(schedule, start, end):
    found = queries.load([schedule.id], start, end)[schedule.id]
    names = queries.names([one for shift in rules.shifts(found, start, end) for one in shift.people])
    return [
        ("+".join(names[one] for one in shift.people), (shift.starts_at - MONDAY) / DAY)
        for shift in rules.shifts(found, start, end)
    ]


def test_a_change_takes_effect_after_the_running_turn(clock, schedule, layer):
    clock.shift(2 * DAY)
    layers.change(schedule.id, layer.key, plan(turns=[["Ada"], ["Linus"], ["Grace"]]), actor=SYSTEM)
    assert line(schedule, MONDAY, MONDAY + 4 * WEEK) == [("Ada", 0), ("Linus", 7), ("Grace", 14), ("Ada", 21)]


def test_a_change_at_once_leaves_what_was_and_who_runs_goes_on(clock, schedule, layer):
    before = line(schedule, MONDAY, MONDAY + 2 * DAY)
    clock.shift(2 * DAY)
    changed = plan(turns=[["Linus"], ["Ada"]], unit=Unit.DAYS)
    layers.change(schedule.id, layer.key, changed, actor=SYSTEM, at_once=True)
    assert line(schedule, MONDAY, MONDAY + 2 * DAY) == before
    assert line(schedule, MONDAY, MONDAY + 5 * DAY) == [("Ada", 0), ("Linus", 3), ("Ada", 4)]


def test_a_second_change_before_the_first_takes_effect_replaces_it(clock, schedule, layer):
    layers.change(schedule.id, layer.key, plan(turns=[["Linus"]]), actor=SYSTEM)
    layers.change(schedule.id, layer.key, plan(turns=[["Grace"]]), actor=SYSTEM)
    assert line(schedule, MONDAY, MONDAY + 3 * WEEK) == [("Ada", 0), ("Grace", 7)]
    clock.shift(DAY)
    layers.change(schedule.id, layer.key, plan(turns=[["Linus"]]), actor=SYSTEM, at_once=True)
    assert line(schedule, MONDAY, MONDAY + 3 * WEEK) == [("Ada", 0), ("Linus", 1)]
    assert len(queries.current_layers(schedule.id)) == 1


def test_a_removed_layer_stays_in_the_past(clock, schedule, layer):
    clock.shift(3 * DAY)
    layers.remove(schedule.id, layer.key, actor=SYSTEM, at_once=True)
    assert line(schedule, MONDAY, MONDAY + 2 * WEEK) == [("Ada", 0)]
    assert queries.people_on_call(schedule.id, now()) == ()
    with pytest.raises(NotFound):
        layers.remove(schedule.id, layer.key, actor=SYSTEM)


def test_a_layer_that_has_not_begun_can_begin_at_another_time(schedule):
    layer = layers.add(schedule.id, plan(starts_at=MONDAY + WEEK), actor=SYSTEM)
    layers.change(schedule.id, layer.key, plan(starts_at=MONDAY + DAY), actor=SYSTEM)
    assert line(schedule, MONDAY, MONDAY + 2 * WEEK) == [("Ada", 1), ("Grace", 7)]


def test_another_time_zone_counts_after_the_running_turn(clock, schedule, layer):
    clock.shift(DAY)
    service.change(schedule.id, SchedulePlan(name="Shop", zone="America/New_York"), actor=SYSTEM)
    found = line(schedule, MONDAY, MONDAY + 3 * WEEK)
    assert found[0] == ("Ada", 0)
    assert found[-1] == ("Ada", 14.25)  # 09:00 in New York is six hours after 09:00 in Berlin


def test_no_change_makes_no_row(schedule, layer):
    layers.change(schedule.id, layer.key, plan(), actor=SYSTEM)
    assert layers.get(schedule.id, layer.key).id == layer.id


def test_an_override_begins_now_at_the_earliest_and_can_be_called_off(clock, people, schedule, layer):
    given = {"person_id": people["Linus"].id, "ends_at": MONDAY + 3 * DAY}
    clock.shift(DAY)
    running = overrides.make(schedule.id, OverridePlan(starts_at=MONDAY, **given), actor=SYSTEM)
    later = OverridePlan(starts_at=MONDAY + 4 * DAY, **(given | {"ends_at": MONDAY + 5 * DAY}))
    coming = overrides.make(schedule.id, later, actor=SYSTEM)
    assert line(schedule, MONDAY, MONDAY + 5 * DAY) == [("Ada", 0), ("Linus", 1), ("Ada", 3), ("Linus", 4)]
    clock.shift(DAY)
    assert overrides.end(running.id, actor=SYSTEM) == schedule.id
    overrides.end(coming.id, actor=SYSTEM)
    assert line(schedule, MONDAY, MONDAY + 5 * DAY) == [("Ada", 0), ("Linus", 1), ("Ada", 2)]
    with pytest.raises(InvalidTransition):
        overrides.end(running.id, actor=SYSTEM)
    with pytest.raises(NotFound):
        overrides.end(coming.id, actor=SYSTEM)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"ends_at": MONDAY - DAY}, "ends_at"),
        ({"ends_at": MONDAY + timedelta(days=limits.OVERRIDE_DAYS + 1)}, "ends_at"),
        ({"person_id": 10**6}, "person"),
        ({"instead_of_id": 10**6}, "instead_of"),
        ({"reason": "x" * (limits.COMMENT + 1)}, "reason"),
    ],
)
def test_an_override_that_makes_no_sense_is_refused(people, schedule, values, field):
    given = {"person_id": people["Ada"].id, "starts_at": MONDAY, "ends_at": MONDAY + DAY} | values
    with pytest.raises(InvalidInput) as refused:
        overrides.make(schedule.id, OverridePlan(**given), actor=SYSTEM)
    assert refused.value.errors[0]["field"] == field


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"turns": []}, "turns"),
        ({"turns": [["Ada"]] * (limits.TURNS + 1)}, "turns"),
        ({"turns": [["Ada"] * (limits.PEOPLE_AT_ONCE + 1)]}, "turns"),
        ({"turns": [["Nobody"]]}, "turns"),
        ({"every": limits.TURN_WEEKS + 1}, "every"),
        ({"every": 0}, "every"),
        ({"handover": "25:00"}, "handover"),
        ({"restrictions": ["Mon 9-17"]}, "restrictions"),
        ({"restrictions": ["Mon"] * (limits.RESTRICTIONS + 1)}, "restrictions"),
        ({"name": ""}, "name"),
        ({"ends_at": MONDAY}, "ends_at"),
    ],
)
def test_a_layer_that_makes_no_sense_is_refused(schedule, values, field):
    with pytest.raises(InvalidInput) as refused:
        layers.add(schedule.id, plan(**values), actor=SYSTEM)
    assert refused.value.errors[0]["field"] == field


def test_a_schedule_has_only_so_many_layers(schedule):
    for number in range(limits.LAYERS):
        layers.add(schedule.id, plan(name=f"Layer {number}"), actor=SYSTEM)
    with pytest.raises(InvalidInput, match="at most"):
        layers.add(schedule.id, plan(), actor=SYSTEM)


def test_a_team_has_its_lead_among_its_members(people):
    team = service.create_team(TeamPlan(name="Shop", lead="Ada", members=["Grace", "Ada"]), actor=SYSTEM)
    assert queries.members_of(team.id) == (people["Ada"].id, people["Grace"].id)
    service.change_team(team.id, TeamPlan(name="Shop", members=["Linus"]), actor=SYSTEM)
    assert queries.members_of(team.id) == (people["Linus"].id,)
    assert queries.team(team.id).lead_id is None


def test_a_schedule_goes_on_without_its_team(clock, people):
    team = service.create_team(TeamPlan(name="Shop"), actor=SYSTEM)
    schedule = service.create(SchedulePlan(name="Shop", team_id=team.id), actor=SYSTEM)
    service.delete_team(team.id, actor=SYSTEM)
    assert queries.get(schedule.id).team_id is None
    service.delete(schedule.id, actor=SYSTEM)
    with pytest.raises(NotFound):
        queries.get(schedule.id)


def test_names_are_taken_once_and_zones_exist(schedule):
    for wrong in (
        SchedulePlan(name="Shop"),
        SchedulePlan(name="Other", zone="Europe/Atlantis"),
        SchedulePlan(name="Other", team_id=99),
    ):
        with pytest.raises(InvalidInput):
            service.create(wrong, actor=SYSTEM)


def test_each_change_is_in_the_audit_trail(people, schedule, layer):
    taken = OverridePlan(person_id=people["Linus"].id, starts_at=MONDAY, ends_at=MONDAY + DAY)
    overrides.end(overrides.make(schedule.id, taken, actor=SYSTEM).id, actor=SYSTEM)
    kinds = [event.kind for event in audit.page(kind=None, after=None).items]
    assert kinds[:4] == [
        AuditKind.OVERRIDE_ENDED,
        AuditKind.OVERRIDE_MADE,
        AuditKind.LAYER_CHANGED,
        AuditKind.SCHEDULE_CREATED,
    ]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Mon-Fri 20:00-08:00", "Mon-Fri 20:00-08:00"),
        ("sat, sun", "Sat,Sun"),
        ("Mon \N{EN DASH} Wed 09:00 \N{EN DASH} 17:00", "Mon-Wed 09:00-17:00"),
        ("Fri-Mon 00:00-24:00", "Mon,Fri-Sun"),
        ("Mon,Wed,Fri 09:00-17:00", "Mon,Wed,Fri 09:00-17:00"),
    ],
)
def test_a_restriction_is_read_and_written_back(text, written):
    found = read_restriction(text)
    assert write_restriction(found) == written
    assert read_restriction(written) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Moon",
        "Mon 9:00-17:00",
        "Mon 09:00",
        "09:00-17:00",
        "Mon-",
        "Mon 09:60-10:00",
        "Mon" + " " * 10**6,
    ],
)
def test_what_is_no_restriction_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match="Write"):
        read_restriction(text)


def test_a_time_of_day_is_of_the_clock():
    assert read_clock("23:59").hour == 23
    assert read_restriction("Mon") == Restriction((0,))
    with pytest.raises(ValueError, match="time of day"):
        read_clock("24:00")
