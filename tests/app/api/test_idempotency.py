"""A repeated request changes nothing, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app.api import idempotency
from app.clock import now
from app.extensions import db
from app.incidents import service
from app.records.accounts import Scope
from app.records.idempotency import KeptAnswer
from app.records.incidents import Incident

PATH = "/api/v1/incidents"


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture
def keyed(headers: dict[str, str]) -> dict[str, str]:
    return headers | {"Idempotency-Key": "4711"}


def count(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Incident)) or 0


def test_the_same_request_again_gets_the_same_answer_and_no_second_effect(
    app: Flask, client: FlaskClient, keyed: dict[str, str]
) -> None:
    first = client.post(PATH, json={"title": "Disk full"}, headers=keyed)
    again = client.post(PATH, json={"title": "Disk full"}, headers=keyed)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (first.data, first.headers["ETag"]) == (again.data, again.headers["ETag"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert count(app) == 1


def test_an_action_repeated_after_others_acted_still_gets_its_first_answer(
    client: FlaskClient, headers: dict[str, str], keyed: dict[str, str], incident: dict[str, Any]
) -> None:
    path = f"{PATH}/{incident['id']}"
    first = client.post(f"{path}/acknowledge", headers=keyed)
    assert first.status_code == 200
    assert client.post(f"{path}/resolve", headers=headers).status_code == 200
    again = client.post(f"{path}/acknowledge", headers=keyed)
    assert (again.status_code, again.data) == (200, first.data)
    assert client.get(path, headers=headers).get_json()["state"] == "resolved"


def test_the_answer_given_inside_the_transaction_is_what_is_stored(
    app: Flask, client: FlaskClient, keyed: dict[str, str], alice: Any
) -> None:
    body = {"title": "Disk full", "owner": alice.id}
    made = client.post(PATH, json=body, headers=keyed).get_json()
    assert made["owner"] == {"id": alice.id, "name": "Alice"}
    bare = {name: value for name, value in keyed.items() if name != "Idempotency-Key"}
    assert client.get(f"{PATH}/{made['id']}", headers=bare).get_json() == made


@pytest.mark.parametrize(
    ("path", "body"),
    [(PATH, {"title": "Another"}), (f"{PATH}?x=1", {"title": "Disk full"}), (f"{PATH}/1/acknowledge", {})],
)
def test_a_key_stands_for_one_request(
    app: Flask, client: FlaskClient, keyed: dict[str, str], path: str, body: dict[str, str]
) -> None:
    client.post(PATH, json={"title": "Disk full"}, headers=keyed)
    refused = client.post(path, json=body, headers=keyed)
    assert refused.status_code == 422
    assert refused.get_json()["errors"][0]["field"] == "Idempotency-Key"
    assert count(app) == 1


@pytest.mark.parametrize("key", ["", "with space", "x" * 256, "é"])
def test_a_malformed_key_is_refused(client: FlaskClient, headers: dict[str, str], key: str) -> None:
    refused = client.post(PATH, json={"title": "x"}, headers=headers | {"Idempotency-Key": key})
    assert refused.status_code == 422


def test_each_token_has_its_own_keys(
    app: Flask, client: FlaskClient, keyed: dict[str, str], bearer: Callable[..., dict[str, str]]
) -> None:
    client.post(PATH, json={"title": "Disk full"}, headers=keyed)
    other = bearer(Scope.ADMIN) | {"Idempotency-Key": "4711"}
    assert client.post(PATH, json={"title": "Another"}, headers=other).status_code == 201
    assert count(app) == 2


def test_a_refusal_is_not_kept(client: FlaskClient, keyed: dict[str, str], headers: dict[str, str]) -> None:
    assert client.post(f"{PATH}/1/acknowledge", headers=keyed).status_code == 404
    client.post(PATH, json={"title": "Disk full"}, headers=headers)
    assert client.post(f"{PATH}/1/acknowledge", headers=keyed).status_code == 200


def test_a_failure_in_the_middle_leaves_neither_effect_nor_answer(
    app: Flask, client: FlaskClient, keyed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    create = service.create

    def fail_after(**arguments: Any) -> Incident:
        create(**arguments)
        raise ZeroDivisionError

    monkeypatch.setattr(service, "create", fail_after)
    assert client.post(PATH, json={"title": "Disk full"}, headers=keyed).status_code == 500
    assert count(app) == 0
    monkeypatch.undo()
    assert client.post(PATH, json={"title": "Disk full"}, headers=keyed).status_code == 201
    assert count(app) == 1


def test_many_at_the_same_moment_have_one_effect_and_one_answer(app: Flask, keyed: dict[str, str]) -> None:
    def send(_number: int) -> tuple[int, bytes]:
        answer = app.test_client().post(PATH, json={"title": "Disk full"}, headers=keyed)
        return answer.status_code, answer.data

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(send, range(12)))
    assert len(answers) == 1
    assert answers.pop()[0] == 201
    assert count(app) == 1


def test_answers_are_forgotten_after_a_day(app: Flask, client: FlaskClient, keyed: dict[str, str]) -> None:
    client.post(PATH, json={"title": "Disk full"}, headers=keyed)
    for later, left in ((timedelta(hours=23), 1), (timedelta(hours=25), 0)):
        with app.app_context(), time_machine.travel(now() + later, tick=False):
            idempotency.forget_old()
            assert db.session.scalar(select(func.count()).select_from(KeptAnswer)) == left


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("incidents", {"title": "Disk full"}),
        ("incidents/1/follow-ups", {"text": "Add a disk"}),
        (
            "maintenance",
            {"comment": "Disks", "matchers": ["team=disks"]}
            | {"starts_at": "2027-01-01T00:00:00Z", "ends_at": "2027-01-02T00:00:00Z"},
        ),
    ],
)
def test_what_is_made_under_a_key_is_answered_with_its_number(
    client: FlaskClient, keyed: dict[str, str], incident: dict[str, Any], path: str, body: dict[str, Any]
) -> None:
    assert incident["id"] == 1
    answer = client.post(f"/api/v1/{path}", json=body, headers=keyed)
    assert answer.status_code == 201, answer.get_json()
    assert answer.get_json()["id"] >= 1
