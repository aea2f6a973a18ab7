"""Two people do the same, or the opposite, at the same moment: one of them is told; on both databases."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.automation import approvals, control
from app.clock import now
from app.config import Settings
from app.extensions import db
from app.incidents import queries, service
from app.maintenance import service as maintenance
from app.records.accounts import User
from app.records.actors import Actor
from app.records.automation import Approval, ApprovalState, AutomationControl
from app.records.incidents import EventKind
from app.records.lifecycle import State
from app.records.operations import AuditEvent
from app.records.outbox import MailKind, OutboxMessage
from app.severities import Severity
from tests.app.races import DONE, race

QUESTION = "question-1"


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture
def both(alice: User, bob: User) -> tuple[Actor, Actor]:
    return Actor.person(alice), Actor.person(bob)


@pytest.fixture
def incident(both: tuple[Actor, Actor]) -> int:
    made = service.create(title="Disk full", severity=Severity.HIGH, actor=both[0]).id
    db.session.remove()
    return made


@pytest.fixture
def asked(incident: int) -> str:
    """Something that the automation asks about the incident."""
    approval = Approval(id=QUESTION, incident_id=incident, state=ApprovalState.WAITING, episode="episode-1")
    approval.remedy, approval.playbook = "disk", "restart_oims.yml"
    approval.command, approval.preview = "ansible-playbook restart_oims.yml", ""
    approval.target = {"kind": "Deployment", "namespace": "shop", "name": "api"}
    approval.requested_at, approval.expires_at = now(), now() + timedelta(minutes=15)
    db.session.add(approval)
    db.session.commit()
    db.session.remove()
    return QUESTION


def kinds(incident_id: int) -> list[EventKind]:
    return [event.kind for event in queries.timeline(incident_id)]


def audited(kind: str) -> int:
    return db.session.scalar(select(func.count()).where(AuditEvent.kind == kind)) or 0


@pytest.mark.parametrize(
    "answers",
    [(approvals.approve, approvals.reject), (approvals.approve, approvals.approve)],
    ids=["opposite", "same"],
)
@pytest.mark.threat("T45")
def test_a_question_gets_the_answer_of_one(
    app: Flask,
    both: tuple[Actor, Actor],
    incident: int,
    asked: str,
    answers: tuple[Callable[..., Approval], ...],
) -> None:
    ends = race(app, lambda number: answers[number](asked, actor=both[number]), 2)
    assert sorted(ends) == ["InvalidTransition", DONE]
    winner = ends.index(DONE)
    answer = db.session.get_one(Approval, asked)
    is_approved = answers[winner] is approvals.approve
    assert answer.state is (ApprovalState.APPROVED if is_approved else ApprovalState.REJECTED)
    assert (answer.decided_by, answer.decided_by_id) == (both[winner].name, both[winner].user_id)
    assert kinds(incident)[1:] == [EventKind.APPROVED if is_approved else EventKind.REJECTED]
    assert audited("run_approved") + audited("run_rejected") == 1
    assert db.session.get_one(AutomationControl, 1).version == 1, "the automation hears of one answer"


@pytest.mark.threat("T45")
def test_of_two_who_take_an_incident_one_has_it(app: Flask, both: tuple[Actor, Actor], incident: int) -> None:
    seen = queries.get(incident).version
    db.session.remove()
    ends = race(app, lambda number: service.acknowledge(incident, actor=both[number], version=seen), 2)
    assert sorted(ends) == ["EditConflict", DONE]
    assert queries.get(incident).owner_id == both[ends.index(DONE)].user_id
    assert kinds(incident) == [EventKind.OPENED, EventKind.ACKNOWLEDGED]


@pytest.mark.threat("T45")
def test_an_incident_is_resolved_once_and_one_mail_says_so(
    app: Flask, settings: Settings, both: tuple[Actor, Actor], incident: int
) -> None:
    ends = race(app, lambda number: service.resolve(incident, actor=both[number]), 2)
    assert sorted(ends) == ["InvalidTransition", DONE]
    assert kinds(incident) == [EventKind.OPENED, EventKind.RESOLVED]
    mails = db.session.query(OutboxMessage).filter_by(kind=MailKind.RESOLVED)
    recipients = [mail.recipient for mail in mails]
    assert len(recipients) == len(set(recipients)) > 0


def test_what_one_takes_while_the_other_resolves_it_ends_resolved(
    app: Flask, both: tuple[Actor, Actor], incident: int
) -> None:
    acts = (service.acknowledge, service.resolve)
    ends = race(app, lambda number: acts[number](incident, actor=both[number]), 2)
    assert ends[1] == DONE
    assert queries.get(incident).state is State.RESOLVED
    assert len(kinds(incident)) == 1 + ends.count(DONE)


def test_maintenance_ends_once_and_a_pause_begins_once(app: Flask, both: tuple[Actor, Actor]) -> None:
    window = maintenance.plan(
        comment="Moving", matchers="a=b", starts_at=now(), ends_at=now() + timedelta(hours=1), actor=both[0]
    ).id
    db.session.remove()
    ends = race(app, lambda number: maintenance.end(window, actor=both[number]), 2)
    assert sorted(ends) == ["InvalidTransition", DONE]
    race(app, lambda number: control.pause(actor=both[number]), 2)
    assert (audited("maintenance_ended"), audited("automation_paused")) == (1, 1)
