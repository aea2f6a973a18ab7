"""What the automation is told: the pause, answers to its questions, and when it hears of them."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from app.automation import approvals, control, instructions, service
from app.automation.queries import open_approvals
from app.clock import now
from app.config import Settings
from app.errors import InvalidTransition, NotFound
from app.extensions import db
from app.incidents import queries
from app.records import audit
from app.records.accounts import Scope, User
from app.records.actors import Actor
from app.records.automation import Approval, ApprovalState
from app.records.incidents import EventKind, Incident
from app.records.operations import AuditEvent
from contract.moments import rfc3339
from contract.reports import DecisionReport
from tests.app.journal import event, take

pytestmark = pytest.mark.usefixtures("context")
TARGET = {"kind": "Deployment", "namespace": "shop", "name": "api"}


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture
def ask(client: FlaskClient, bearer: Callable[..., dict[str, str]]) -> Callable[..., dict[str, Any]]:
    headers = bearer(Scope.AUTOMATION)

    def get(**query: Any) -> dict[str, Any]:
        answer = client.get("/api/v1/automation/instructions", query_string=query, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    return get


def decided(number: int = 1, decision: str = "deferred", **values: Any) -> DecisionReport:
    given = {
        "id": f"decision-{number}",
        "episode": "episode-1",
        "event_id": "event-1",
        "seq": 1,
        "fingerprint": "c6ac9a1b2c3d4e5f",
        "alertname": "IncidentAppErrors",
        "decision": decision,
        "reason": "awaiting_approval" if decision == "deferred" else None,
        "detail": "a person must approve it.",
        "remedy": "shop-errors",
        "playbook": "scale_oims.yml",
        "target": TARGET,
        "decided_at": rfc3339(now()),
    }
    return DecisionReport.model_validate(given | values)


def question(minutes: float = 15, **values: Any) -> dict[str, Any]:
    given = {
        "id": "question-1",
        "expires_at": rfc3339(now() + timedelta(minutes=minutes)),
        "preview": "replicas: 2 -> 3",
        "command": "ansible-playbook scale_oims.yml",
    }
    return {"approval": given | values}


def test_a_pause_tells_who_and_why_and_grows_the_version_once(
    ask: Callable[..., dict[str, Any]], alice: User
) -> None:
    assert (ask()["version"], ask()["paused"], ask()["paused_by"]) == (0, False, None)
    control.pause(actor=Actor.person(alice), reason="Moving the database.")
    control.pause(actor=Actor.person(alice), reason="Again.")
    told = ask()
    assert (told["version"], told["paused"], told["paused_by"]) == (1, True, "Alice")
    control.resume(actor=Actor.person(alice))
    assert (ask()["version"], ask()["paused"], ask()["paused_by"]) == (2, False, None)
    told_by = db.session.query(AuditEvent.summary).filter(AuditEvent.kind.startswith("automation_")).all()
    assert [row[0] for row in told_by] == [
        "Alice paused the automation: Moving the database.",
        "Alice resumed the automation.",
    ]


def test_a_question_is_answered_once_told_on_the_timeline_and_heard(
    ask: Callable[..., dict[str, Any]], settings: Settings, alice: User, bob: User
) -> None:
    take(settings, event(episode="episode-1"))
    service.take_decision(decided(**question()))
    incident = db.session.query(Incident).one()
    (waiting,) = open_approvals(incident.id)
    assert (waiting.preview, waiting.target) == ("replicas: 2 -> 3", TARGET)
    assert ask()["approvals"] == []
    approvals.approve("question-1", actor=Actor.person(alice), reason="Load is real.")
    with pytest.raises(InvalidTransition, match="Alice has approved this run already"):
        approvals.reject("question-1", actor=Actor.person(bob))
    told = ask()
    assert [(row["id"], row["state"], row["by"]) for row in told["approvals"]] == [
        ("question-1", "approved", "Alice")
    ]
    assert told["approvals"][0]["at"].endswith("Z")
    assert told["version"] == 1
    last = queries.timeline(incident.id)[-1]
    assert last.kind is EventKind.APPROVED
    assert last.summary == "Alice approved scale_oims.yml on Deployment shop/api: Load is real."
    (entry,) = audit.latest(["run_approved"], 9)
    assert (entry.actor_name, entry.summary) == ("Alice", last.summary)
    assert open_approvals(incident.id) == []


def test_a_rejection_is_told_too(ask: Callable[..., dict[str, Any]], settings: Settings, bob: User) -> None:
    take(settings, event(episode="episode-1"))
    service.take_decision(decided(**question()))
    approvals.reject("question-1", actor=Actor.person(bob))
    assert ask()["approvals"][0]["state"] == "rejected"
    service.take_decision(decided(2, "declined", reason="approval_rejected"))
    assert db.session.get_one(Approval, "question-1").state is ApprovalState.REJECTED


def test_a_question_that_came_before_its_incident_is_attached_to_it(settings: Settings) -> None:
    service.take_decision(decided(**question()))
    take(settings, event(episode="episode-1"))
    incident = db.session.query(Incident).one()
    assert [row.id for row in open_approvals(incident.id)] == ["question-1"]


def test_an_answer_that_comes_too_late_is_refused_in_words(alice: User) -> None:
    service.take_decision(decided(**question(minutes=5)))
    with time_machine.travel(now() + timedelta(minutes=6)):
        assert open_approvals() == []
        with pytest.raises(InvalidTransition, match="The time to answer is over"):
            approvals.approve("question-1", actor=Actor.person(alice))


@pytest.mark.parametrize("decision", ["declined", "run"])
def test_a_question_is_taken_back_when_the_automation_no_longer_waits(alice: User, decision: str) -> None:
    service.take_decision(decided(**question()))
    service.take_decision(decided(2, decision, reason=None))
    with pytest.raises(InvalidTransition, match="no longer asks"):
        approvals.approve("question-1", actor=Actor.person(alice))


def test_the_same_question_again_moves_its_end_but_keeps_an_answer(alice: User) -> None:
    service.take_decision(decided(**question(minutes=5)))
    service.take_decision(decided(2, **question(minutes=50)))
    assert db.session.query(Approval).one().expires_at > now() + timedelta(minutes=40)
    approvals.approve("question-1", actor=Actor.person(alice))
    service.take_decision(decided(3, **question(minutes=90)))
    assert open_approvals() == []


def test_an_answer_to_nothing_is_refused(alice: User) -> None:
    for unknown in ("none", "a\x00b"):
        with pytest.raises(NotFound):
            approvals.approve(unknown, actor=Actor.person(alice))


def test_answers_older_than_a_day_are_told_no_more(ask: Callable[..., dict[str, Any]], alice: User) -> None:
    service.take_decision(decided(**question()))
    approvals.approve("question-1", actor=Actor.person(alice))
    assert len(ask()["approvals"]) == 1
    with time_machine.travel(now() + timedelta(hours=25)):
        assert ask()["approvals"] == []


@pytest.fixture
def waiters() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


def test_who_waits_hears_of_a_pause_at_once(app: Flask, alice: User, waiters: ThreadPoolExecutor) -> None:
    is_waiting = threading.Event()

    def wait() -> int:
        with app.app_context():
            is_waiting.set()
            return instructions.wait_for(0, 15).version

    heard = waiters.submit(wait)
    assert is_waiting.wait(5)
    control.pause(actor=Actor.person(alice))
    assert heard.result(10) == 1


def test_who_knows_less_than_there_is_does_not_wait(alice: User) -> None:
    control.pause(actor=Actor.person(alice))
    started = monotonic()
    assert instructions.wait_for(0, 20).version == 1
    assert monotonic() - started < 15


def test_at_most_two_wait_and_the_third_is_answered_at_once(
    app: Flask, alice: User, waiters: ThreadPoolExecutor
) -> None:
    def wait() -> int:
        with app.app_context():
            return instructions.wait_for(0, 20).version

    waiting = [waiters.submit(wait), waiters.submit(wait)]
    deadline = monotonic() + 10
    while instructions.WAITING.acquire(blocking=False):
        instructions.WAITING.release()
        assert monotonic() < deadline, "nobody waits"
    assert waiters.submit(wait).result(10) == 0, "it was answered although nothing has changed"
    control.pause(actor=Actor.person(alice))
    assert [one.result(10) for one in waiting] == [1, 1]


@pytest.mark.parametrize("query", ["after=-1", "wait=21", "wait=x", "since=3"])
def test_a_malformed_question_is_refused(
    client: FlaskClient, bearer: Callable[..., dict[str, str]], query: str
) -> None:
    answer = client.get(f"/api/v1/automation/instructions?{query}", headers=bearer(Scope.AUTOMATION))
    assert answer.status_code == 422


def test_only_the_automation_is_told(client: FlaskClient, bearer: Callable[..., dict[str, str]]) -> None:
    path = "/api/v1/automation/instructions"
    assert client.get(path, headers=bearer(Scope.WRITE)).status_code == 403
