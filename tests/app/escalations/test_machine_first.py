"""While automation is at work a page waits, within a bound; every end but a verified repair lets it go."""

from datetime import timedelta

import pytest

from app.automation import control
from app.clock import now
from app.escalations import queries
from app.records.actors import SYSTEM
from app.records.escalations import EscalationState
from tests.app.escalations.conftest import escalation, pages, sign_of_life, told
from tests.app.pages.alerts import Alert

pytestmark = pytest.mark.usefixtures("context")

HIGH = {"severity": "high", "service": "shop"}


@pytest.fixture
def alert(settings, chain, clock):
    """An alert of a high incident that has just fired, while automation lives; three minutes are its own."""
    sign_of_life()
    alert = Alert(settings, "ShopErrors", now(), labels=HIGH)
    alert.fires(after=0)
    return alert


def seconds(alert):
    """Return how long ago the alert fired."""
    return (now() - alert.at).total_seconds()


def finished(alert, state, **fields):
    """Have automation report now how a run ended."""
    ended = {"finished_at": now(), "duration_s": 5.0, "exit_code": 0}
    alert.ran(state, after=seconds(alert), **(ended | fields))


def test_while_automation_works_nobody_is_paged_and_the_incident_says_why(alert, pass_):
    alert.decided("run", "Attempt 1 of 2.", after=0)
    alert.ran("running", after=0)
    pass_(0.1)
    found = escalation(alert.incident)
    assert pages() == []
    assert found.reason == "Automation is restarting Deployment shop/api."
    assert (found.next_whom, found.latest_at) == ("Alice", alert.at + timedelta(minutes=3))
    expected = (
        "Nobody is paged yet. Automation is restarting Deployment shop/api. "
        "Alice is paged at 2026-11-25 12:03:00 UTC at the latest."
    )
    assert told(alert.incident) == [expected]


def test_a_verified_repair_pages_nobody(alert, pass_):
    alert.ran("running", after=0)
    pass_(0.5)
    alert.ends(seconds(alert))
    finished(alert, "succeeded", verification="verified")
    sign_of_life()
    pass_(30)
    assert pages() == []
    assert told(alert.incident)[-1].startswith("Nobody was paged: ")
    assert escalation(alert.incident).state is EscalationState.STOPPED


def test_a_verified_repair_pages_nobody_while_the_incident_is_open(alert, pass_):
    finished(alert, "succeeded", verification="verified")
    pass_(30)
    assert pages() == []
    assert told(alert.incident)[-1] == "Nobody was paged: automation repaired it and verified the repair."


def test_after_its_time_the_page_leaves_though_automation_still_works(alert, pass_):
    alert.ran("running", after=0)
    for _ in range(5):
        sign_of_life()
        pass_(0.5)
    assert pages() == []
    sign_of_life()
    pass_(0.5)
    assert pages() == ["alice"]


@pytest.mark.parametrize("state", ["failed", "timed_out", "interrupted"])
def test_a_run_that_fails_pages_at_once(alert, pass_, state):
    alert.ran("running", after=0)
    pass_(0.1)
    assert pages() == []
    finished(alert, state, exit_code=2)
    pass_(0.1)
    assert pages() == ["alice"]


@pytest.mark.parametrize("verdict", ["still_firing", "timed_out", "inconclusive"])
def test_a_repair_that_did_not_help_pages_at_once(alert, pass_, verdict):
    finished(alert, "succeeded", verification="pending")
    pass_(0.1)
    assert escalation(alert.incident).reason == "Automation verifies its repair of Deployment shop/api."
    finished(alert, "succeeded", verification=verdict)
    pass_(0.1)
    assert pages() == ["alice"]


@pytest.mark.parametrize(
    "reason",
    ["not_in_policy", "shadow", "attempts_exhausted", "approval_rejected", "approval_expired", "too_old"],
)
def test_a_decision_not_to_act_pages_at_once(alert, pass_, reason):
    pass_(0.1)
    assert escalation(alert.incident).reason == "Automation decides what to do."
    alert.decided("declined", "No.", after=0, reason=reason)
    pass_(0.1)
    assert pages() == ["alice"]


def test_a_question_to_people_waits_no_longer_than_the_machine_may_take(alert, pass_):
    alert.decided("deferred", "a person must approve it.", after=0, reason="awaiting_approval")
    pass_(0.1)
    assert escalation(alert.incident).reason == "Automation waits for somebody's approval."
    for _ in range(3):
        sign_of_life()
        pass_(1)
    assert pages() == ["alice"]


@pytest.mark.fault("F38")
def test_an_automation_that_falls_silent_loses_its_time(alert, pass_):
    alert.ran("running", after=0)
    pass_(1)
    assert pages() == []
    pass_(0.6)
    assert pages() == ["alice"]


def test_a_paused_automation_has_no_time(alert, pass_):
    control.pause(actor=SYSTEM, reason="Deployment")
    pass_(0.1)
    assert pages() == ["alice"]


def test_without_automation_nobody_waits_for_it(settings, chain, clock, pass_):
    Alert(settings, "ShopErrors", now(), labels=HIGH).fires(after=0)
    pass_(0.1)
    assert pages() == ["alice"]


def test_a_critical_incident_waits_for_nobody(settings, chain, clock, pass_):
    sign_of_life()
    Alert(settings, "ShopDown", now(), labels={"severity": "critical"}).fires(after=0)
    pass_(0.1)
    assert pages() == ["alice"]


def test_a_storm_of_alerts_begins_one_escalation_each(settings, chain, clock, pass_):
    alerts = [Alert(settings, f"Alert{number}", now(), labels=HIGH) for number in range(5)]
    incidents = [alert.fires(after=0) for alert in alerts]
    assert len(queries.active_of([incident.id for incident in incidents])) == 5
