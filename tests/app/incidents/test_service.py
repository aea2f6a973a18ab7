"""Two people at once, reasons, owners: on both databases."""

import pytest

from app.config import Settings
from app.errors import EditConflict, InvalidInput, NotFound
from app.extensions import db
from app.incidents import queries, service
from app.records.accounts import User
from app.records.actors import Actor
from app.records.incidents import EventKind, Incident
from app.records.lifecycle import State
from app.records.outbox import MailKind, OutboxMessage
from app.severities import Severity
from tests.app.journal import event, take


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture
def incident(alice: User) -> Incident:
    return service.create(title="Disk full", severity=Severity.HIGH, actor=Actor.person(alice))


def test_the_second_of_two_people_sees_what_the_first_did(incident: Incident, alice: User, bob: User) -> None:
    seen = incident.version
    service.acknowledge(incident.id, actor=Actor.person(alice), version=seen)
    with pytest.raises(EditConflict, match=r"nothing of yours was saved\. Last: Acknowledged by Alice\."):
        service.resolve(incident.id, actor=Actor.person(bob), version=seen)
    assert queries.get(incident.id).state is State.ACKNOWLEDGED


def test_a_comment_takes_nothing_away_from_anybody(incident: Incident, alice: User, bob: User) -> None:
    seen = incident.version
    service.comment(incident.id, body="Looking.", actor=Actor.person(alice))
    assert service.acknowledge(incident.id, actor=Actor.person(bob), version=seen).owner_id == bob.id


def test_a_firing_alert_is_resolved_with_a_reason_only(settings: Settings, alice: User) -> None:
    take(settings, event())
    (found,) = db.session.query(Incident)
    with pytest.raises(InvalidInput, match="still fires"):
        service.resolve(found.id, actor=Actor.person(alice))
    assert service.resolve(found.id, actor=Actor.person(alice), reason="a test").state is State.RESOLVED


def test_assigning_writes_to_the_new_owner(incident: Incident, alice: User, bob: User) -> None:
    service.assign(incident.id, owner_id=bob.id, actor=Actor.person(alice))
    mail = db.session.query(OutboxMessage).order_by(OutboxMessage.id.desc()).first()
    assert mail is not None
    assert (mail.kind, mail.recipient) == (MailKind.ASSIGNED, "bob@example.org")
    assert mail.subject == f"[OIMS #{incident.id}] Yours: Disk full"
    assert "because the incident was assigned to you" in mail.text


def test_taking_it_oneself_writes_to_nobody(incident: Incident, alice: User) -> None:
    before = db.session.query(OutboxMessage).count()
    service.assign(incident.id, owner_id=alice.id, actor=Actor.person(alice))
    assert db.session.query(OutboxMessage).count() == before


def test_somebody_who_may_only_look_can_own_nothing(incident: Incident, alice: User, vera: User) -> None:
    with pytest.raises(InvalidInput):
        service.assign(incident.id, owner_id=vera.id, actor=Actor.person(alice))
    assert [item.kind for item in queries.timeline(incident.id)] == [EventKind.OPENED]


@pytest.mark.parametrize("title", ["", "   ", "x" * 201])
def test_it_refuses_a_title_that_is_empty_or_too_long(alice: User, title: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        service.create(title=title, severity=Severity.LOW, actor=Actor.person(alice))
    assert refusal.value.errors[0]["field"] == "title"


@pytest.mark.parametrize("incident_id", [999, 2**31, 2**70])
def test_it_says_that_an_incident_does_not_exist(alice: User, incident_id: int) -> None:
    with pytest.raises(NotFound):
        service.acknowledge(incident_id, actor=Actor.person(alice))
    with pytest.raises(NotFound):
        queries.get(incident_id)
