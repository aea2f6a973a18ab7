"""When a heartbeat is due, also where clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.heartbeats.schedule import EARLY, Schedule, cron_problem

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca")
START = datetime(2024, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 10 * 366 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds))
TWO_DAYS = timedelta(days=2)


@given(MOMENTS, st.integers(0, 59), st.integers(0, 23), st.sampled_from(ZONES))
def test_a_daily_job_is_due_once_each_day_at_its_time(moment, minute, hour, zone):
    schedule = Schedule(cron=f"{minute} {hour} * * *", zone=zone)
    due_at = schedule.after(moment)
    again_at = schedule.after(due_at)
    assert moment < due_at <= moment + TWO_DAYS
    days = [at.astimezone(ZoneInfo(zone)).date() for at in (due_at, again_at)]
    assert days[1] - days[0] == timedelta(days=1)
    local = due_at.astimezone(ZoneInfo(zone))
    wanted = local.replace(hour=hour, minute=minute, second=0, microsecond=0, fold=0)
    exists = wanted.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(fold=0) == wanted
    assert local == wanted if exists else local > wanted.replace(tzinfo=local.tzinfo)


@given(
    MOMENTS,
    st.sampled_from(("*/5 * * * *", "7 * * * *", "0 */2 * * *", "30 1,2,3 * * 1-5")),
    st.sampled_from(ZONES),
)
def test_the_next_time_is_always_ahead_and_nothing_lies_between(moment, cron, zone):
    schedule = Schedule(cron=cron, zone=zone)
    due_at = schedule.after(moment)
    assert moment < due_at
    between = moment + (due_at - moment) / 2
    assert schedule.after(between) == due_at


@given(MOMENTS, st.integers(60, 86400 * 366))
def test_a_period_is_time_that_passes_whatever_clocks_show(moment, seconds):
    assert Schedule(period=timedelta(seconds=seconds)).after(moment) - moment == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("zone", "cron", "at", "due_at"),
    [
        ("Europe/Berlin", "30 2 * * *", "2026-03-28T02:00", "2026-03-29T01:00"),  # skipped: right after
        ("Europe/Berlin", "30 2 * * *", "2026-10-25T00:31", "2026-10-26T01:30"),  # twice: the first counts
        ("Europe/Berlin", "30 2 * * *", "2026-10-25T01:10", "2026-10-26T01:30"),  # it ran for 40 minutes
        ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T12:00", "2026-10-03T15:30"),  # half an hour
        ("Asia/Kathmandu", "0 9 * * *", "2026-02-14T12:00", "2026-02-15T03:15"),
        ("UTC", "0 0 29 2 *", "2026-01-01T00:00", "2028-02-29T00:00"),
    ],
)
def test_clock_changes_are_those_of_debian_cron(zone, cron, at, due_at):
    found = Schedule(cron=cron, zone=zone).after(datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(due_at).replace(tzinfo=UTC)


def test_a_ping_just_before_its_time_counts_for_it():
    schedule = Schedule(cron="0 * * * *")
    noon = datetime(2026, 11, 28, 12, tzinfo=UTC)
    assert schedule.due_at(noon - EARLY) == noon + timedelta(hours=1)
    assert schedule.due_at(noon - EARLY - timedelta(seconds=1)) == noon


@pytest.mark.parametrize(
    ("cron", "problem"),
    [
        ("0 3 * * *", ""),
        ("0 3 * *", "Write five fields"),
        ("* * * * * *", "Write five fields"),
        ("61 * * * *", "Bad minute"),
        ("0 0 30 2 *", "Bad day-of-month"),
        ("@daily", "Write five fields"),
        ("0 " * 60, "Use at most 100 characters."),
        ("\x00 * * * *", "Bad minute"),
        ("٣ * * * *", "Bad minute"),
    ],
)
def test_what_is_wrong_with_a_cron_expression_is_said(cron, problem):
    assert cron_problem(cron, "UTC").startswith(problem)
    assert bool(cron_problem(cron, "UTC")) == bool(problem)
