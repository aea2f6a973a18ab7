"""The chain goes on until somebody acknowledges: each step once, whatever the clock does."""

from datetime import timedelta

import pytest

from app.clock import now
from app.errors import InvalidTransition
from app.escalations import pager, service
from app.extensions import db
from app.incidents import helping, merging
from app.incidents import service as incidents
from app.maintenance import service as maintenance
from app.records.actors import SYSTEM
from app.records.escalations import EscalationState
from app.records.incidents import EventKind
from app.records.outbox import MailKind, OutboxMessage
from app.severities import Severity
from tests.app.escalations.conftest import NOON, escalation, me, pages, person, told

pytestmark = pytest.mark.usefixtures("context")


def recipients(kind):
    db.session.rollback()
    return [mail.recipient for mail in db.session.query(OutboxMessage).filter_by(kind=kind)]


def test_without_a_chain_the_lists_are_mailed_as_before(opened, pass_):
    incident = opened()
    pass_(60)
    assert recipients(MailKind.CREATED) == ["oncall@example.org", "lead@example.org"]
    assert (pages(), told(incident)) == ([], [])


def test_with_a_default_chain_people_are_paged_one_after_the_other(chain, opened, pass_):
    incident = opened()
    assert recipients(MailKind.CREATED) == []
    pass_(0)
    assert pages() == ["alice"]
    pass_(4)
    assert pages() == ["alice"]
    pass_(1)
    assert pages() == ["alice", "bob"]
    pass_(5)
    assert escalation(incident).state is EscalationState.UNANSWERED
    assert told(incident) == [
        "Paged Alice: step 1 of chain “Shop”.",
        "Paged Bob: step 2 of chain “Shop”.",
        "Chain “Shop” ended unanswered: nobody answered.",
    ]


def test_acknowledging_ends_the_paging(chain, opened, pass_, alice):
    incident = opened()
    pass_()
    incidents.acknowledge(incident.id, actor=me(alice))
    pass_(30)
    assert pages() == ["alice"]
    assert told(incident)[-1] == "Paging ended: Alice has it."
    assert escalation(incident).state is EscalationState.ACKNOWLEDGED


def test_resolving_before_anybody_is_paged_says_so(chain, opened, pass_, alice):
    incident = opened()
    incidents.resolve(incident.id, actor=me(alice))
    pass_(30)
    assert told(incident) == ["Nobody was paged: it is resolved."]


def test_a_chain_is_repeated_and_ends_with_the_last_resort(make_chain, opened, pass_, alice, bob):
    make_chain(person(alice, "1m"), repeats=2, last_resort=person(bob).notify)
    incident = opened()
    for _ in range(6):
        pass_(1)
    assert pages() == ["alice", "alice", "alice", "bob"]
    pass_(10)
    assert escalation(incident).state is EscalationState.UNANSWERED


def test_a_step_that_reaches_nobody_is_followed_by_the_next_at_once(chain, opened, pass_, alice):
    alice.status = type(alice.status).DISABLED
    db.session.commit()
    incident = opened()
    pass_()
    assert pages() == ["bob"]
    assert told(incident)[0] == "Nobody to page at step 1 of chain “Shop”: Alice can't be paged."


def test_steps_for_working_hours_are_passed_over_at_night(make_chain, clock, opened, pass_, alice, bob):
    make_chain(person(alice, when="working_hours"), person(bob, when="off_hours"))
    incident = opened()
    pass_()
    assert pages() == ["alice"]
    incidents.resolve(incident.id, actor=me(alice))
    pass_()
    clock.move_to(NOON + timedelta(hours=12))
    opened()
    pass_()
    assert pages() == ["alice", "bob"]


def test_low_urgency_waits_for_working_hours(chain, clock, opened, pass_):
    clock.move_to(NOON.replace(hour=23))
    incident = opened(severity=Severity.LOW)
    pass_(5)
    assert pages() == []
    assert "waits for working hours" in told(incident)[0]
    assert escalation(incident).latest_at == NOON.replace(day=26, hour=8)
    pass_(9 * 60)
    assert pages() == ["alice"]


def test_an_incident_that_becomes_worse_waits_no_longer(chain, clock, opened, pass_, alice):
    clock.move_to(NOON.replace(hour=23))
    incident = opened(severity=Severity.LOW)
    pass_(5)
    incidents.change_severity(incident.id, severity=Severity.CRITICAL, actor=me(alice))
    pass_()
    assert pages() == ["alice"]


def test_once_its_chain_is_gone_the_lists_are_mailed_again(chain, opened, pass_, alice):
    incident = opened()
    pass_()
    incidents.acknowledge(incident.id, actor=me(alice))
    pass_()
    service.delete(chain.id, actor=SYSTEM)
    incidents.escalate(incident.id, actor=me(alice), reason="Help")
    assert "oncall@example.org" in recipients(MailKind.ESCALATED)


def test_what_is_under_way_keeps_to_the_chain_as_it_was(chain, opened, pass_, bob):
    opened()
    pass_()
    service.delete(chain.id, actor=SYSTEM)
    pass_(5)
    assert pages() == ["alice", "bob"]


def test_the_first_route_that_fits_leads_to_its_chain(chain, make_chain, opened, pass_, bob):
    other = make_chain(person(bob), name="Payments", is_default=False)
    service.add_route(matchers="service=payment, severity=critical", chain_id=other.id, actor=SYSTEM)
    opened(service="payment")
    opened(title="Slow", service="payment", severity=Severity.HIGH)
    pass_()
    assert sorted(pages()) == ["alice", "bob"]


@pytest.mark.fault("F37")
def test_a_clock_set_back_makes_no_page_late_or_twice(chain, clock, opened, pass_):
    opened()
    pass_()
    pass_(1)
    clock.shift(-timedelta(hours=3))
    pass_()
    assert pages() == ["alice"]
    pass_(5)
    assert pages() == ["alice", "bob"]


def test_due_times_survive_a_long_absence_of_workers(chain, opened, pass_):
    opened()
    pass_()
    pass_(600)
    assert pages() == ["alice", "bob"]


def test_a_persons_call_for_help_makes_the_next_step_due_at_once(chain, opened, pass_, alice):
    incident = opened()
    pass_()
    incidents.escalate(incident.id, actor=me(alice), reason="I can't reach the database")
    pass_()
    assert pages() == ["alice", "bob"]
    assert recipients(MailKind.ESCALATED) == []


def test_a_call_for_help_after_the_last_step_begins_the_chain_anew(chain, opened, pass_, alice):
    incident = opened()
    pass_()
    pass_(600)
    assert pages() == ["alice", "bob"]
    incidents.escalate(incident.id, actor=me(alice), reason="Nobody answers")
    pass_()
    assert pages() == ["alice", "bob", "alice"]
    assert any("the chain begins anew" in words for words in told(incident))


def test_a_call_for_help_about_what_somebody_has_pages_again(chain, opened, pass_, alice, bob):
    incident = opened()
    pass_()
    incidents.acknowledge(incident.id, actor=me(alice))
    pass_()
    incidents.escalate(incident.id, actor=me(alice), reason="Help")
    pass_(1)
    assert pages() == ["alice", "alice"]


def test_maintenance_holds_pages_with_its_reason(chain, clock, opened, pass_):
    window = maintenance.plan(
        comment="New disks",
        matchers="service=shop",
        starts_at=now(),
        ends_at=now() + timedelta(hours=1),
        actor=SYSTEM,
    )
    incident = opened(labels={"service": "shop"})
    pass_(10)
    assert pages() == []
    assert "Maintenance holds pages until" in told(incident)[0]
    assert "New disks" in told(incident)[0]
    maintenance.end(window.id, actor=SYSTEM)
    pass_(1)
    assert pages() == ["alice"]


def test_what_is_over_before_the_maintenance_pages_nobody(chain, opened, pass_, alice):
    maintenance.plan(
        comment="New disks",
        matchers="service=shop",
        starts_at=now(),
        ends_at=now() + timedelta(hours=1),
        actor=SYSTEM,
    )
    incident = opened(labels={"service": "shop"})
    pass_(1)
    incidents.resolve(incident.id, actor=me(alice))
    pass_(90)
    assert pages() == []
    assert told(incident)[-1] == "Nobody was paged: it is resolved."


def test_a_duplicate_that_was_merged_pages_nobody(chain, opened, pass_, alice):
    first, second = opened(), opened(title="The same")
    merging.merge(second.id, into=first.id, actor=me(alice))
    pass_()
    assert pages() == ["alice"]
    assert told(second) == [f"Nobody was paged: incident {first.id} goes on for it."]


def test_an_incident_that_flaps_is_paged_once_an_hour(chain, opened, pass_, alice):
    incident = opened()
    pass_()
    for _ in range(3):
        incidents.resolve(incident.id, actor=me(alice))
        pass_(1)
        incidents.reopen(incident.id, actor=me(alice))
        pass_(1)
    assert pages() == ["alice"] * 2
    assert any("It flaps" in text for text in told(incident, EventKind.PAGE_HELD))


def test_those_who_were_paged_hear_of_the_end(chain, opened, pass_, alice):
    incident = opened()
    pass_()
    incidents.resolve(incident.id, actor=SYSTEM)
    assert recipients(MailKind.RESOLVED) == ["alice@example.org"]


def test_an_idle_worker_writes_nothing(chain, opened, pass_):
    opened()
    pass_()
    assert pager.look() is False


def test_who_is_asked_for_help_is_paged_whoever_has_the_incident(clock, opened, pass_, alice, bob):
    incident = opened()
    incidents.acknowledge(incident.id, actor=me(alice))
    helping.ask(incident.id, target=person(bob).notify, actor=me(alice), reason="I don't know this database")
    pass_()
    assert pages() == ["bob"]
    assert told(incident) == ["Paged Bob: step 1 of the call for help."]
    asked = "Alice asked Bob for help: I don't know this database"
    assert told(incident, EventKind.ESCALATED) == [asked]
    incidents.resolve(incident.id, actor=me(alice))
    pass_()
    assert told(incident)[-1] == "Paging ended: it is resolved."
    assert recipients(MailKind.RESOLVED), "the lists are told as before"


def test_a_call_for_help_leaves_the_chain_as_it_is(chain, opened, pass_, alice, bob):
    incident = opened()
    pass_()
    helping.ask(incident.id, target=person(bob).notify, actor=me(alice))
    pass_()
    assert pages() == ["alice", "bob"]
    pass_(5)
    assert pages() == ["alice", "bob", "bob", "bob"]


def test_nobody_can_be_asked_about_what_is_over(clock, opened, alice, bob):
    incident = opened()
    incidents.resolve(incident.id, actor=me(alice))
    with pytest.raises(InvalidTransition):
        helping.ask(incident.id, target=person(bob).notify, actor=me(alice))
