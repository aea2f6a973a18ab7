"""Who is on call by a schedule, also where clocks change, over ten years and in odd zones."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.oncall.layer import Layer, Restriction, Unit
from app.oncall.schedule import Override, Schedule, gaps, on_call, shifts
from app.oncall.walltime import moment, shown

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Antarctica/Troll",
)
START = datetime(2024, 1, 1, tzinfo=UTC)
YEARS = 10 * 366 * 86_400
MOMENTS = st.integers(0, YEARS).map(lambda seconds: START + timedelta(seconds=seconds))
MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))
PEOPLE = st.lists(st.integers(1, 6), min_size=1, max_size=3, unique=True).map(tuple)
RESTRICTIONS = st.lists(
    st.builds(Restriction, st.lists(st.integers(0, 6), min_size=1, unique=True).map(tuple), MINUTES, MINUTES),
    max_size=2,
).map(tuple)
MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
ADA, GRACE, LINUS = 1, 2, 3


@st.composite
def layers(draw, zone=None):
    starts_at = draw(MOMENTS)
    lasts = draw(st.none() | st.integers(1, 300 * 86_400))
    unit = draw(st.sampled_from(Unit))
    return Layer(
        turns=tuple(draw(st.lists(PEOPLE, min_size=1, max_size=4))),
        starts_at=starts_at,
        ends_at=None if lasts is None else starts_at + timedelta(seconds=lasts),
        zone=zone or draw(st.sampled_from(ZONES)),
        unit=unit,
        every=draw(st.integers(1, 30 if unit is Unit.HOURS else 3)),
        handover=draw(MINUTES),
        weekday=draw(st.integers(0, 6)),
        restrictions=draw(RESTRICTIONS),
        first=draw(st.integers(0, 3)),
        rank=draw(st.integers(0, 3)),
    )


@st.composite
def overrides(draw):
    starts_at = draw(MOMENTS)
    return Override(
        person=draw(st.integers(1, 6)),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(seconds=draw(st.integers(1, 30 * 86_400))),
        instead_of=draw(st.none() | st.integers(1, 6)),
    )


@st.composite
def schedules(draw):
    return Schedule(
        layers=tuple(draw(st.lists(layers(), max_size=3))),
        overrides=tuple(draw(st.lists(overrides(), max_size=3))),
    )


@settings(max_examples=200)
@given(schedules(), MOMENTS, st.integers(1, 40 * 86_400))
def test_shifts_and_gaps_fill_the_time_and_never_overlap(schedule, start, seconds):
    end = start + timedelta(seconds=seconds)
    line = sorted([*shifts(schedule, start, end), *gaps(schedule, start, end)], key=lambda one: one.starts_at)
    assert (line[0].starts_at, line[-1].ends_at) == (start, end)
    for one, following in pairwise(line):
        assert one.starts_at < one.ends_at == following.starts_at
        assert one.people != following.people


@settings(max_examples=200)
@given(schedules(), MOMENTS, st.integers(1, 40 * 86_400), st.data())
def test_a_moment_and_the_line_give_the_same_answer(schedule, start, seconds, data):
    end = start + timedelta(seconds=seconds)
    line = [*shifts(schedule, start, end), *gaps(schedule, start, end)]
    for stretch in line[:20]:
        lasts = int((stretch.ends_at - stretch.starts_at).total_seconds())
        inside = (
            stretch.starts_at + timedelta(seconds=data.draw(st.integers(0, lasts - 1))) if lasts else start
        )
        for at in (stretch.starts_at, inside, stretch.ends_at - timedelta(microseconds=1)):
            assert on_call(schedule, at) == stretch.people


@given(layers(), MOMENTS)
def test_a_layer_without_restrictions_has_somebody_from_its_start_to_its_end(layer, at):
    whole = replace(layer, restrictions=())
    is_on = whole.starts_at <= at and (whole.ends_at is None or at < whole.ends_at)
    assert bool(on_call(Schedule(layers=(whole,)), at)) is is_on


@given(st.sampled_from(ZONES), st.sampled_from(Unit), st.integers(1, 3), MOMENTS, MINUTES, st.integers(0, 6))
def test_each_handover_is_at_its_local_time_through_all_clock_changes(
    zone, unit, every, starts_at, handover, weekday
):
    every = every if unit is not Unit.HOURS else 24 * every
    layer = Layer(
        turns=((ADA,), (GRACE,)),
        starts_at=starts_at,
        zone=zone,
        unit=unit,
        every=every,
        handover=handover,
        weekday=weekday,
    )
    for shift in shifts(Schedule(layers=(layer,)), starts_at, starts_at + timedelta(days=400))[1:]:
        local = shown(shift.starts_at, zone)
        wanted = datetime.combine(local.date(), handover)
        assert local == wanted or moment(wanted, zone) == shift.starts_at
        assert unit is not Unit.WEEKS or local.weekday() == weekday


@pytest.mark.parametrize("zone", ZONES)
def test_a_handover_at_nine_stays_at_nine_for_ten_years(zone):
    layer = Layer(turns=((ADA,), (GRACE,)), starts_at=START, zone=zone, unit=Unit.DAYS, handover=time(9))
    found = shifts(Schedule(layers=(layer,)), START, START + timedelta(seconds=YEARS))
    assert {shown(shift.starts_at, zone).time() for shift in found[1:]} == {time(9)}
    assert len(found) >= 3659
    assert [shift.people for shift in found[:3]] == [(ADA,), (GRACE,), (ADA,)]


@given(layers(), layers(), MOMENTS, MOMENTS)
def test_a_change_to_a_layer_never_changes_the_past(old, new, changed_at, at):
    before = Schedule(layers=(old,))
    ended = min(old.ends_at, changed_at) if old.ends_at else changed_at
    after = Schedule(
        layers=(
            replace(old, ends_at=max(ended, old.starts_at)),
            replace(new, starts_at=changed_at, ends_at=None, rank=old.rank),
        )
    )
    if at < changed_at:
        assert on_call(after, at) == on_call(before, at)


@given(st.sampled_from(ZONES), MOMENTS, MOMENTS)
def test_an_earlier_time_on_the_clock_is_no_later_moment(zone, one, other):
    clocks = sorted((one.replace(tzinfo=None), other.replace(tzinfo=None)))
    assert moment(clocks[0], zone) <= moment(clocks[1], zone)
    assert moment(shown(one, zone), zone) <= one


def test_a_higher_layer_wins_where_it_has_somebody():
    nights = Restriction((0, 1, 2, 3, 4), time(20), time(8))
    below = Layer(turns=((ADA,),), starts_at=MONDAY)
    above = Layer(turns=((GRACE,),), starts_at=MONDAY, restrictions=(nights,), rank=1)
    found = shifts(Schedule(layers=(above, below)), MONDAY, MONDAY + timedelta(days=1))
    assert [(shift.people, shift.starts_at.hour, shift.ends_at.hour) for shift in found] == [
        ((ADA,), 8, 20),
        ((GRACE,), 20, 8),
    ]


def test_an_override_replaces_all_or_only_the_one_it_names():
    both = Layer(turns=((ADA, GRACE),), starts_at=MONDAY)
    hour = {"starts_at": MONDAY, "ends_at": MONDAY + timedelta(hours=1)}
    for instead_of, expected in ((None, (LINUS,)), (ADA, (LINUS, GRACE)), (LINUS, (ADA, GRACE))):
        override = Override(person=LINUS, instead_of=instead_of, **hour)
        assert on_call(Schedule(layers=(both,), overrides=(override,)), MONDAY) == expected


def test_of_two_overrides_the_later_one_counts_more():
    hour = {"starts_at": MONDAY, "ends_at": MONDAY + timedelta(hours=1)}
    taken = (Override(person=LINUS, **hour), Override(person=GRACE, instead_of=LINUS, **hour))
    assert on_call(Schedule(overrides=taken), MONDAY) == (GRACE,)


def test_turns_of_hours_keep_to_the_clock_when_it_changes():
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 3, 28, 9, tzinfo=berlin)
    layer = Layer(turns=((ADA,), (GRACE,)), starts_at=start, zone="Europe/Berlin", unit=Unit.HOURS, every=12)
    found = shifts(Schedule(layers=(layer,)), start, start + timedelta(days=2))
    assert [shift.starts_at.astimezone(berlin).hour for shift in found] == [9, 21, 9, 21]
    assert found[1].ends_at - found[1].starts_at == timedelta(hours=11)


def test_the_turn_of_somebody_who_is_gone_is_a_gap_and_the_order_stays():
    layer = Layer(turns=((ADA,), (GRACE,)), starts_at=MONDAY, unit=Unit.DAYS, handover=time(8))
    schedule = Schedule(layers=(layer,)).without(frozenset({ADA}))
    found = gaps(schedule, MONDAY, MONDAY + timedelta(days=4))
    assert [gap.starts_at for gap in found] == [MONDAY, MONDAY + timedelta(days=2)]
