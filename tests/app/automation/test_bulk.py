"""Many reports in one request, on both databases: each is answered on its own, and none spoils another."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event as events
from sqlalchemy import func, select, text

from app.automation import bulk, sentences, service
from app.config import Settings
from app.extensions import db
from app.incidents import queries
from app.records.accounts import Scope
from app.records.automation import Approval, ApprovalState, Decision, Run
from app.records.incidents import EventKind
from contract import limits
from tests.app import statements
from tests.app.automation.test_reports import decision, run
from tests.app.journal import event, take

type Post = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture(autouse=True)
def all_the_time_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "HELD_S", 60.0)


@pytest.fixture
def post(client: FlaskClient, bearer: Callable[..., dict[str, str]]) -> Post:
    headers = bearer(Scope.AUTOMATION)

    def send(reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
        answer = client.post("/api/v1/reports", json={"reports": reports}, headers=headers)
        assert answer.status_code == 200, answer.text
        answers: list[dict[str, Any]] = answer.json["answers"] if answer.json else []
        return answers

    return send


def of_decision(**values: Any) -> dict[str, Any]:
    return {"kind": "decision", "report": decision(**values)}


def of_run(*words: Any, **values: Any) -> dict[str, Any]:
    return {"kind": "run", "report": run(*words, **values)}


def statuses(answers: list[dict[str, Any]]) -> list[int]:
    return [answer["status"] for answer in answers]


def stored(model: type[Decision | Run]) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_each_report_has_its_answer_and_what_is_sent_again_changes_nothing(
    context: None, settings: Settings, post: Post
) -> None:
    take(settings, event())
    sent = [of_decision(), of_run(1, "running"), of_run(2, "succeeded"), of_decision()]
    assert statuses(post(sent)) == [201, 201, 200, 200]
    told = [entry.summary for entry in queries.timeline(1)]
    assert statuses(post(sent)) == [200, 200, 200, 200], "the answer was lost"
    assert [entry.summary for entry in queries.timeline(1)] == told
    assert (stored(Decision), stored(Run)) == (1, 1)
    kinds = [entry.kind for entry in queries.timeline(1) if entry.actor_name == "Automation"]
    assert kinds == [EventKind.DECISION, EventKind.RUN, EventKind.RUN]


def test_a_report_that_is_wrong_or_meets_a_defect_spoils_no_other(
    context: None, settings: Settings, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(settings, event())
    told = sentences.of_decision

    def tell(decided: Decision) -> str:
        if decided.id == "odd":
            raise ValueError("a defect, with a secret")
        return told(decided)

    monkeypatch.setattr(sentences, "of_decision", tell)
    wrong = of_decision(id="wrong", decided_at="yesterday", seq=-1)
    answers = post(
        [of_decision(id="a"), wrong, of_decision(id="odd"), of_decision(id="b"), of_run(1, "running")]
    )
    assert statuses(answers) == [201, 422, 500, 201, 201]
    assert {error["field"] for error in answers[1]["errors"]} == {"decided_at", "seq"}
    assert "secret" not in str(answers)
    db.session.rollback()
    assert set(db.session.scalars(select(Decision.id))) == {"a", "b"}
    monkeypatch.undo()
    assert statuses(post([of_decision(id="odd")])) == [201]


def test_what_another_request_stores_at_the_same_moment_is_known(
    context: None, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch may be sent again while its first sending is still at work, on PostgreSQL."""
    taken, misses = service.take_decision, iter([True])

    def take_decision(report: Any) -> bool:
        if next(misses, False):
            taken(report)
            db.session.execute(text("INSERT INTO decisions SELECT * FROM decisions"))
        return taken(report)

    monkeypatch.setattr(service, "take_decision", take_decision)
    assert statuses(post([of_decision(), of_decision(id="next")])) == [201, 201]


def test_others_write_after_a_bounded_time_and_what_was_not_reached_has_no_answer(
    context: None, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "HELD_S", 0.0)
    sent = [of_decision(id=f"decision-{number}") for number in range(bulk.LEAST + 5)]
    assert statuses(post(sent)) == [201] * bulk.LEAST
    assert stored(Decision) == bulk.LEAST
    assert statuses(post(sent[bulk.LEAST :])) == [201] * 5


def test_the_whole_batch_is_one_transaction(context: None, post: Post) -> None:
    commits: list[None] = []
    events.listen(db.engine, "commit", lambda _: commits.append(None))
    assert statuses(post([of_decision(id=f"decision-{number}") for number in range(20)])) == [201] * 20
    assert len(commits) <= 2, "the use of the token, and the batch"


def test_a_decision_more_in_a_batch_takes_one_statement_more(
    context: None, settings: Settings, post: Post
) -> None:
    names = [f"e{number}" for number in range(60)]
    alerts = [event(seq=n, fingerprint=f"{n:016x}", episode=name) for n, name in enumerate(names, 1)]
    take(settings, *alerts)
    sent = [of_decision(id=name, episode=name, seq=60) for name in names]
    with statements.seen() as few:
        assert statuses(post(sent[:10])) == [201] * 10
    with statements.seen() as many:
        assert statuses(post(sent[10:])) == [201] * 50
    assert len(many) <= len(few) + 40, many
    assert [entry.kind for entry in queries.timeline(60)].count(EventKind.DECISION) == 1


def test_a_decision_twice_in_a_batch_counts_once(context: None, settings: Settings, post: Post) -> None:
    take(settings, event())
    assert statuses(post([of_decision(), of_decision()])) == [201, 200]
    assert [entry.kind for entry in queries.timeline(1)].count(EventKind.DECISION) == 1


def test_a_batch_may_ask_and_take_the_question_back(context: None, settings: Settings, post: Post) -> None:
    take(settings, event())
    asked = {"id": "q", "command": "ansible-playbook", "preview": "", "expires_at": "2026-11-28T12:00:00Z"}
    asks = of_decision(id="asks", decision="deferred", approval=asked)
    assert statuses(post([asks, of_decision(id="goes-on")])) == [201, 201]
    db.session.rollback()
    assert db.session.get_one(Approval, "q").state is ApprovalState.WITHDRAWN


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reports": []},
        {"reports": [of_decision()] * (limits.REPORTS + 1)},
        {"reports": [{"kind": "heartbeat", "report": {}}]},
        {"reports": [{"kind": "run", "report": []}]},
    ],
)
def test_a_batch_of_another_form_is_refused_whole(
    context: None, client: FlaskClient, bearer: Callable[..., dict[str, str]], body: Any
) -> None:
    answer = client.post("/api/v1/reports", json=body, headers=bearer(Scope.AUTOMATION))
    assert answer.status_code == 422
    assert stored(Decision) == 0
