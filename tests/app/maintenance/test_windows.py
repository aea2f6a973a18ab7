"""Maintenance: incidents are recorded, mails wait, and the reason is on the timeline; on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.automation import instructions
from app.clock import now
from app.errors import InvalidInput, InvalidTransition, NotFound
from app.extensions import db
from app.incidents import queries as incidents
from app.incidents import service as incident_service
from app.maintenance import queries, service
from app.notify import outbox
from app.records.actors import SYSTEM, Actor
from app.records.operations import AuditEvent
from app.records.outbox import OutboxMessage
from app.severities import Severity
from tests.app.pages.alerts import Alert

START = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.usefixtures("context")


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


def plan(**changes):
    given = {
        "comment": "Moving the database",
        "matchers": "service=shop",
        "starts_at": START,
        "ends_at": START + HOUR,
        "actor": SYSTEM,
    }
    return service.plan(**given | changes)


def fire(settings, at=START + HOUR / 2, **labels):
    alert = Alert(settings, "ShopErrors", at, labels={"severity": "high", "service": "shop"} | labels)
    alert.fires()
    return alert


def mails():
    return db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()


def kinds(incident_id):
    return [event.kind for event in incidents.timeline(incident_id)]


@pytest.fixture
def at_nine():
    with time_machine.travel(START - HOUR, tick=False) as clock:
        yield clock


def test_an_alert_within_maintenance_opens_an_incident_whose_mails_wait_for_the_end(settings, at_nine):
    plan()
    incident = fire(settings).incident
    assert {mail.next_at for mail in mails()} == {START + HOUR}
    told = incidents.timeline(incident.id)[-1]
    assert told.kind == "maintenance"
    assert told.summary == (
        "Maintenance holds mails and automation back until 2026-11-23 23:00:00 UTC: Moving the database"
    )
    at_nine.move_to(START + HOUR / 2)
    assert outbox.claim("worker") is None
    at_nine.move_to(START + HOUR)
    assert outbox.claim("worker") is not None


def test_other_alerts_are_not_held(settings, at_nine):
    plan()
    assert "maintenance" not in kinds(fire(settings, service="search").incident.id)
    assert all(mail.window_id is None for mail in mails())


def test_words_that_were_copied_from_an_alert_hold_it_and_are_shown_safe(settings, at_nine):
    window = plan(matchers='service="\u202ephos"')
    assert [str(condition) for condition in window.conditions] == ["service=\ufffdphos"]
    assert "maintenance" in kinds(fire(settings, service="\u202ephos").incident.id)


def test_what_began_and_ended_within_maintenance_is_mailed_to_nobody(settings, at_nine):
    plan()
    alert = fire(settings)
    assert len(mails()) == 2
    alert.ends(60)
    assert mails() == []
    assert "resolved" in kinds(alert.incident.id)
    assert incidents.timeline(alert.incident.id)[-1].summary == (
        "2 held mails are not sent: it was over before the maintenance."
    )


def test_ending_maintenance_early_sends_what_it_held(settings, at_nine):
    window = plan()
    fire(settings)
    at_nine.move_to(START + HOUR / 2)
    service.end(window.id, actor=SYSTEM)
    assert outbox.claim("worker") is not None
    assert queries.unended() == []


def test_a_mail_that_two_windows_hold_stays_until_both_are_over(settings, at_nine):
    plan(ends_at=START + 2 * HOUR, comment="The other")
    longest = plan(ends_at=START + 3 * HOUR)
    fire(settings)
    at_nine.move_to(START + HOUR / 2)
    service.end(longest.id, actor=SYSTEM)
    assert {mail.next_at for mail in mails()} == {START + 2 * HOUR}


def test_people_who_call_for_help_are_heard_during_maintenance(alice, settings, at_nine):
    plan()
    incident = fire(settings).incident
    at_nine.move_to(START + HOUR / 2)
    incident_service.escalate(incident.id, actor=Actor.person(alice), reason="It is worse")
    assert [mail.kind for mail in mails() if mail.window_id is None] == ["escalated", "escalated"]


def test_an_incident_that_a_person_opens_is_not_held(alice, at_nine):
    plan(matchers='alertname=~".+",service!=other')
    at_nine.move_to(START + HOUR / 2)
    incident_service.create(title="Broken", severity=Severity.HIGH, actor=Actor.person(alice))
    assert all(mail.window_id is None for mail in mails())


@pytest.mark.fault("F22")
def test_a_weekly_window_keeps_its_time_of_day_when_clocks_change():
    summer = datetime(2026, 10, 21, 20, 0, tzinfo=UTC)  # 22:00 in Berlin
    with time_machine.travel(summer - HOUR, tick=False):
        window = plan(
            starts_at=summer,
            ends_at=summer + HOUR,
            until=summer + timedelta(weeks=4),
            zone="Europe/Berlin",
        )
    winter = datetime(2026, 10, 28, 21, 0, tzinfo=UTC)
    assert window.occurrence(summer) is not None
    assert window.occurrence(winter - timedelta(seconds=1)) is None
    assert window.occurrence(winter) == (winter, winter + HOUR)
    assert window.next(summer + HOUR) == (winter, winter + HOUR)
    assert window.next(summer + timedelta(weeks=4)) is None


def test_a_weekly_window_holds_in_every_week_until_its_end(at_nine):
    window = plan(until=START + timedelta(weeks=50))
    held = [week for week in range(60) if window.occurrence(START + timedelta(weeks=week, minutes=30))]
    assert held == list(range(50))


def test_the_audit_trail_says_who_planned_what_for_when(at_nine):
    window = plan()
    event = db.session.query(AuditEvent).filter_by(kind="maintenance_planned").one()
    when = f"{START:%Y-%m-%d %H:%M:%S} UTC"
    assert event.summary == f"{SYSTEM.name} planned maintenance {window.id}, {when}: Moving the database"


def test_the_automation_hears_of_windows_at_once(at_nine):
    before = instructions.current()
    window = plan()
    after = instructions.current()
    assert (before.maintenance, after.version) == ((), before.version + 1)
    assert after.maintenance[0].model_dump(mode="json", include={"id", "comment", "matchers"}) == {
        "id": window.id,
        "comment": "Moving the database",
        "matchers": [{"name": "service", "op": "=", "value": "shop"}],
    }
    service.end(window.id, actor=SYSTEM)
    assert instructions.current().maintenance == ()


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("comment", {"comment": " "}),
        ("comment", {"comment": "x" * 501}),
        ("matchers", {"matchers": "nonsense"}),
        ("ends_at", {"ends_at": START}),
        ("ends_at", {"starts_at": START - 9 * HOUR, "ends_at": START - 8 * HOUR}),
        ("ends_at", {"ends_at": START + timedelta(days=32)}),
        ("ends_at", {"ends_at": START + timedelta(days=8), "until": START + timedelta(days=30)}),
        ("until", {"until": START}),
        ("until", {"until": START + timedelta(days=1000)}),
        ("starts_at", {"starts_at": START + timedelta(days=999), "ends_at": START + timedelta(days=1000)}),
        ("zone", {"zone": "Mars/Olympus"}),
        ("zone", {"zone": "../../etc/passwd"}),
    ],
)
def test_it_refuses_what_makes_no_window(at_nine, field, changes):
    with pytest.raises(InvalidInput) as refused:
        plan(**changes)
    assert refused.value.errors[0]["field"] == field
    assert queries.unended() == []


def test_a_window_that_is_over_cannot_be_ended(at_nine):
    window = plan()
    at_nine.move_to(START + 2 * HOUR)
    with pytest.raises(InvalidTransition):
        service.end(window.id, actor=SYSTEM)
    with pytest.raises(NotFound):
        service.end(10**12, actor=SYSTEM)
    assert now() > window.until
