"""Incidents over the API."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from app.accounts import tokens
from app.clock import now
from app.extensions import db
from app.records.accounts import Scope, User
from app.records.actors import SYSTEM
from app.records.outbox import OutboxMessage
from tests.app import statements


def test_an_incident_is_opened_worked_on_and_read_back(
    client: FlaskClient, headers: dict[str, str], incident: dict[str, Any]
) -> None:
    path = f"/api/v1/incidents/{incident['id']}"
    assert incident["url"] == f"http://oims.example.org/incidents/{incident['id']}"
    for action, body in [
        ("acknowledge", {}),
        ("comments", {"body": "Looking."}),
        ("resolve", {"reason": "Freed."}),
    ]:
        assert client.post(f"{path}/{action}", json=body, headers=headers).status_code in {200, 201}
    found = client.get(path, headers=headers).get_json()
    assert (found["state"], found["severity"], found["source"]) == ("resolved", "high", "person")
    items = client.get(f"{path}/timeline", headers=headers).get_json()["items"]
    assert [item["kind"] for item in items] == ["opened", "acknowledged", "commented", "resolved"]
    assert items[0]["actor"] == {"kind": "system", "name": "test write", "id": None}
    assert items[0]["at"].endswith("Z")


@pytest.mark.parametrize(("is_personal", "most"), [(True, 7), (False, 8)])
def test_opening_an_incident_with_two_mails_takes_few_statements(
    client: FlaskClient, headers: dict[str, str], alice: User, *, is_personal: bool, most: int
) -> None:
    """One each asks for outgoing webhooks and for the chain of escalation. A program's also looks for
    maintenance, which holds back no mail of what people do."""
    if is_personal:
        made = tokens.create(name="mine", scopes=[Scope.WRITE], by=SYSTEM, user_id=alice.id)
        headers = {"Authorization": f"Bearer {made.secret}"}
    body = {"title": "Disk full", "severity": "high"}
    client.post("/api/v1/incidents", json=body, headers=headers)  # the token's first use in this minute
    with statements.seen() as found:
        answer = client.post("/api/v1/incidents", json=body, headers=headers)
    assert answer.status_code == 201
    assert len(found) <= most, found
    path = f"/api/v1/incidents/{answer.get_json()['id']}"
    assert client.get(path, headers=headers).get_json() == answer.get_json()
    assert db.session.query(OutboxMessage).count() == 4


def test_lists_come_in_pages_without_holes(client: FlaskClient, headers: dict[str, str]) -> None:
    for number in range(7):
        client.post("/api/v1/incidents", json={"title": f"Number {number}"}, headers=headers)
    seen, cursor = [], None
    while True:
        query = {"limit": 3} | ({"cursor": cursor} if cursor else {})
        page = client.get("/api/v1/incidents", query_string=query, headers=headers).get_json()
        seen += [item["title"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [f"Number {number}" for number in reversed(range(7))]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("state=open", 1),
        ("state=resolved,acknowledged", 0),
        ("severity=high", 1),
        ("q=DISK", 1),
        ("q=100%25", 0),
    ],
)
def test_lists_are_filtered(
    client: FlaskClient, headers: dict[str, str], incident: dict[str, Any], query: str, count: int
) -> None:
    assert incident["state"] == "open"
    assert len(client.get(f"/api/v1/incidents?{query}", headers=headers).get_json()["items"]) == count


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "field"),
    [
        ("POST", "incidents", b"{", 422, "body"),
        ("POST", "incidents", b'{"title":"\\ud8"}', 422, "body"),
        ("POST", "incidents", b'{"title":"x","severity":"purple"}', 422, "severity"),
        ("POST", "incidents", b'{"title":"x","surprise":1}', 422, "surprise"),
        ("POST", "incidents", b'{"title":"x","owner":99999999999999999999}', 422, "owner"),
        ("POST", "incidents", b'{"title":"x","owner":true}', 422, "owner"),
        ("POST", "incidents", b'{"title":"x","owner":"1"}', 422, "owner"),
        ("TRACE", "incidents", b"", 405, None),
        ("GET", "incidents?limit=0", b"", 422, "limit"),
        ("GET", "incidents?cursor=x", b"", 422, "cursor"),
        ("GET", f"incidents?cursor={'9' * 30}", b"", 422, "cursor"),
        ("GET", "incidents?surprise=1", b"", 422, "surprise"),
        ("GET", "runs/%00", b"", 404, None),
        ("GET", "runs?state=odd", b"", 422, "state"),
        ("GET", "users?status=odd", b"", 422, "status"),
        ("POST", "incidents/1/acknowledge", b'{"version":1}', 422, "version"),
        ("POST", "incidents", b'{"title":"  "}', 422, "title"),
        ("GET", "incidents/99999999999999999999", b"", 404, None),
        ("GET", "nothing", b"", 404, None),
        ("DELETE", "incidents", b"", 405, None),
    ],
)
def test_every_refusal_has_the_same_shape_and_names_the_field(
    client: FlaskClient,
    headers: dict[str, str],
    method: str,
    path: str,
    body: bytes,
    status: int,
    field: str | None,
) -> None:
    answer = client.open(f"/api/v1/{path}", method=method, data=body, headers=headers)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    problem = answer.get_json()
    assert problem.keys() == {"type", "title", "status", "detail", "errors", "request_id"}
    assert field is None or any(error["field"].startswith(field) for error in problem["errors"])


@pytest.mark.threat("T22")
def test_a_body_over_one_mebibyte_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    assert client.post("/api/v1/incidents", data=b"x" * (1024 * 1024 + 1), headers=headers).status_code == 413


def test_a_token_ends_when_it_expires_or_is_revoked_and_tells_when_it_was_used(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        made = tokens.create(
            name="short", scopes=[Scope.READ], by=SYSTEM, expires_at=now() + timedelta(days=1)
        )
    headers = {"Authorization": f"Bearer {made.secret}"}
    assert client.get("/api/v1/incidents", headers=headers).status_code == 200
    with app.app_context():
        (token,) = tokens.all_tokens()
        assert token.last_used_at is not None
        assert made.secret not in (token.token_hash, token.prefix)
    with time_machine.travel(now() + timedelta(days=2), tick=False):
        assert client.get("/api/v1/incidents", headers=headers).status_code == 401
    with app.app_context():
        tokens.revoke("short", by=SYSTEM)
    assert client.get("/api/v1/incidents", headers=headers).status_code == 401
