"""A weekly window keeps to the clock on the wall: ten years, five zones, through every change of clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.records.maintenance import WEEK, MaintenanceWindow

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca")
MINUTE = timedelta(minutes=1)
FIRST = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: datetime.fromisoformat("2026-01-01T00:00") + minutes * MINUTE
)
LENGTH = st.integers(1, 7 * 24 * 60).map(lambda minutes: minutes * MINUTE)


def window(first, length, zone, *, until=None, **changes):
    """A weekly window; ``first`` is a naive time on the clock of the zone."""
    clock = ZoneInfo(zone)
    given = {
        "id": 1,
        "comment": "",
        "matchers": [],
        "starts_at": first.replace(tzinfo=clock).astimezone(UTC),
        "ends_at": (first + length).replace(tzinfo=clock).astimezone(UTC),
        "is_weekly": True,
        "until": until or datetime(2039, 1, 1, tzinfo=UTC),
        "zone": zone,
        "created_by": "x",
    }
    return MaintenanceWindow(**given | changes)


def is_shown(moment, zone):
    """Whether the clock of the zone ever shows this time, and only once."""
    clock = ZoneInfo(zone)
    first, second = (moment.replace(tzinfo=clock, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first == second


@pytest.mark.parametrize(
    ("first", "days"),
    [
        ("2026-12-05T22:00", ["2026-12-12", "2027-03-27", "2027-04-03", "2027-10-30", "2027-11-06"]),
        ("2027-03-27T22:00", ["2027-03-27", "2027-04-03", "2027-07-03", "2027-10-30"]),
        ("2027-10-30T22:00", ["2027-10-30", "2027-11-06", "2028-03-25"]),
    ],
)
def test_a_night_ends_at_six_every_week(first, days):
    night = window(datetime.fromisoformat(first), timedelta(hours=8), "Europe/Berlin")
    for day in days:
        found = night.next(datetime.fromisoformat(f"{day}T12:00+00:00"))
        shown = [moment.astimezone(ZoneInfo("Europe/Berlin")) for moment in found]
        assert [f"{moment:%a %H:%M}" for moment in shown] == ["Sat 22:00", "Sun 06:00"], day


@given(
    first=FIRST,
    length=LENGTH,
    zone=st.sampled_from(ZONES),
    week=st.integers(1, 520),
)
def test_it_starts_and_ends_at_the_same_times_on_the_clock(first, length, zone, week):
    last = first + length
    if not (is_shown(first, zone) and is_shown(last, zone)):
        return
    wanted = first + week * WEEK, last + week * WEEK
    clock = ZoneInfo(zone)
    middle = (wanted[0] + length / 2).replace(tzinfo=clock).astimezone(UTC)
    found = window(first, length, zone).occurrence(middle)
    assert found is not None
    assert found.starts_at < found.ends_at
    for moment, wall in zip(found, wanted, strict=True):
        if is_shown(wall, zone):
            assert moment.astimezone(clock).replace(tzinfo=None) == wall


@given(
    first=FIRST,
    length=LENGTH,
    zone=st.sampled_from(ZONES),
    at=FIRST.map(lambda moment: moment.replace(tzinfo=UTC)),
    weeks=st.integers(0, 520),
)
def test_what_comes_next_follows_what_holds_and_never_runs_backwards(first, length, zone, at, weeks):
    if not (is_shown(first, zone) and is_shown(first + length, zone)):
        return
    night = window(first, length, zone)
    at += weeks * WEEK
    found = night.next(at)
    following = night.next(found.ends_at)
    assert at < found.ends_at
    assert found.starts_at < found.ends_at
    assert found.starts_at < following.starts_at < following.ends_at
    assert timedelta(days=6) < following.starts_at - found.starts_at < timedelta(days=8)


@given(zone=st.sampled_from(ZONES), week=st.integers(0, 104), hour=st.integers(0, 23))
def test_the_last_night_is_held_to_its_end(zone, week, hour):
    first = datetime.fromisoformat(f"2026-12-05T{hour:02}:00")
    clock = ZoneInfo(zone)
    day = first.date() + week * WEEK
    until = datetime.combine(day, time(23, 59, 59), clock).astimezone(UTC)
    night = window(first, timedelta(hours=8), zone, until=until)
    end = night.last_end()
    shown = end.astimezone(clock)
    if is_shown(datetime.combine(day, time(hour)) + timedelta(hours=8), zone):
        assert shown.replace(tzinfo=None) == datetime.combine(day, time(hour)) + timedelta(hours=8)
    kept = window(first, timedelta(hours=8), zone, until=end)
    assert kept.occurrence(end - MINUTE) is not None
    assert kept.next(end) is None
    assert kept.last_end() == end


def test_one_that_was_ended_early_ends_then():
    first = datetime.fromisoformat("2026-12-05T22:00")
    ended = datetime(2026, 12, 12, 23, tzinfo=UTC)
    night = window(first, timedelta(hours=8), "Europe/Berlin", until=ended, ended_by="Alice")
    assert night.occurrence(ended - MINUTE).ends_at == ended
    assert night.next(ended) is None


def test_a_time_that_clocks_skip_begins_and_ends_when_there_is_one():
    clock = ZoneInfo("Europe/Berlin")
    for begins, length in (("02:45", 30), ("02:15", 30), ("01:00", 90), ("02:30", 60)):
        first = datetime.combine(date(2027, 3, 21), time.fromisoformat(begins))
        found = window(first, length * MINUTE, "Europe/Berlin").next(datetime(2027, 3, 27, 12, tzinfo=UTC))
        assert found.starts_at < found.ends_at
        assert found.starts_at.astimezone(clock).date() == date(2027, 3, 28)


def test_a_day_that_a_zone_skips_shortens_no_night_and_moves_no_later_one():
    """Samoa went from Thursday, 29 December 2011, to Saturday, the 31st."""
    clock = ZoneInfo("Pacific/Apia")
    night = window(datetime.fromisoformat("2011-12-16T22:00"), timedelta(hours=8), "Pacific/Apia")
    at, found = datetime(2011, 12, 25, tzinfo=UTC), []
    for _ in range(2):
        found.append(night.next(at))
        at = found[-1].ends_at
    shown = [f"{moment.astimezone(clock):%a %d %H:%M}" for stretch in found for moment in stretch]
    assert shown == ["Thu 29 22:00", "Sat 31 06:00", "Fri 06 22:00", "Sat 07 06:00"]
    assert found[0].ends_at - found[0].starts_at == timedelta(hours=8)
