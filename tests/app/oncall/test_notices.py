"""The worker tells the lead of gaps once, and both sides of a handover."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from app.database import transaction
from app.extensions import db
from app.incidents import service as incidents
from app.oncall import layers, notices, overrides, service
from app.oncall.layers import LayerPlan
from app.oncall.overrides import OverridePlan
from app.oncall.service import SchedulePlan, TeamPlan
from app.records.accounts import UserStatus
from app.records.actors import SYSTEM
from app.records.outbox import OutboxMessage
from app.severities import Severity

MONDAY = datetime(2026, 11, 30, 8, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
HOSTILE = "Shop\r\nBcc: all@example.org <b>"


@pytest.fixture
def clock():
    with time_machine.travel(MONDAY, tick=False) as clock:
        yield clock


@pytest.fixture
def schedule(clock, people):
    team = service.create_team(TeamPlan(name="Shop", lead="Linus"), actor=SYSTEM)
    plan = SchedulePlan(name="Shop", zone="Europe/Berlin", team_id=team.id)
    return service.create(plan, actor=SYSTEM)


def layer(schedule, **values):
    plan = {"name": "Weekly", "turns": [["Ada"], ["Grace"]]} | values
    return layers.add(schedule.id, LayerPlan(**plan), actor=SYSTEM)


def mails(word):
    """Return the messages whose subject has a word, as recipient and text."""
    db.session.rollback()
    found = db.session.scalars(db.select(OutboxMessage).order_by(OutboxMessage.id))
    return [(mail.recipient, mail.text) for mail in found if word in mail.subject]


def test_the_lead_is_told_of_a_gap_a_week_ahead_and_once(clock, schedule):
    layer(schedule, ends_at=MONDAY + 10 * DAY)
    notices.look()
    assert mails("Nobody") == []
    clock.shift(4 * DAY)
    for _ in range(3):
        notices.look()
    ((recipient, text),) = mails("Nobody")
    assert recipient == "linus@example.org"
    assert "From 2026-12-10 08:00:00 UTC to an end that nothing sets yet." in text
    assert f"/oncall/{schedule.id}" in text


def test_gaps_that_come_back_each_week_are_told_once_and_a_new_one_anew(clock, schedule):
    layer(schedule, restrictions=["Mon-Fri 09:00-17:00"])
    for _ in range(21):
        notices.look()
        clock.shift(DAY)
    assert len(mails("Nobody")) == 1
    layers.change(
        schedule.id,
        1,
        LayerPlan(name="Weekly", turns=[["Ada"]], restrictions=["Mon-Fri 09:00-16:00"]),
        actor=SYSTEM,
        at_once=True,
    )
    notices.look()
    assert len(mails("Nobody")) == 2


def test_an_account_that_is_switched_off_makes_a_gap_that_is_told(clock, people, schedule):
    layer(schedule)
    notices.look()
    with transaction():
        people["Grace"].status = UserStatus.DISABLED
    clock.shift(DAY)
    notices.look()
    assert [recipient for recipient, _ in mails("Nobody")] == ["linus@example.org"]


def test_both_sides_of_a_handover_are_told_what_is_open_and_what_happened(clock, schedule):
    layer(schedule)
    notices.look()
    incidents.create(title="Disk full", severity=Severity.HIGH, actor=SYSTEM)
    clock.shift(WEEK)
    for _ in range(3):
        notices.look()
    told = mails("Handover")
    assert sorted(recipient for recipient, _ in told) == ["ada@example.org", "grace@example.org"]
    for sentence in (
        "Ada handed over to Grace.",
        "Open now: 1.",
        "high: Disk full",
        "In the shift: 1 opened, 0 resolved.",
        "Automation ran 0 playbooks",
    ):
        assert sentence in told[0][1]


def test_the_end_of_an_override_is_a_handover_too(clock, people, schedule):
    layer(schedule)
    plan = OverridePlan(person_id=people["Linus"].id, starts_at=MONDAY + 2 * DAY, ends_at=MONDAY + 3 * DAY)
    overrides.make(schedule.id, plan, actor=SYSTEM)
    notices.look()
    clock.shift(3 * DAY)
    notices.look()
    assert ["Linus handed over to Ada." in text for _, text in mails("Handover")] == [True, True]


def test_handovers_of_long_ago_are_not_told(clock, schedule):
    layer(schedule)
    notices.look()
    clock.shift(WEEK + 2 * DAY)
    notices.look()
    assert mails("Handover") == []


def test_names_cannot_add_to_a_mail(clock, people):
    team = service.create_team(TeamPlan(name="Other", lead="Linus"), actor=SYSTEM)
    schedule = service.create(SchedulePlan(name=HOSTILE, team_id=team.id), actor=SYSTEM)
    layer(schedule, ends_at=MONDAY + DAY)
    notices.look()
    db.session.rollback()
    (mail,) = db.session.scalars(db.select(OutboxMessage))
    assert "\n" not in mail.subject
    assert "<b>" not in mail.html
