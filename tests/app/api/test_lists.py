"""Alerts, decisions, runs, users and numbers, on both databases."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.accounts import tokens
from app.clock import now
from app.config import Settings
from app.database import transaction
from app.extensions import db
from app.records.accounts import Scope, User
from app.records.actors import SYSTEM
from app.records.alerts import AlertEvent
from tests.app.pages.stories import healed

AT = "2026-11-23T10:00:00.000Z"


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture
def robot(bearer: Callable[..., dict[str, str]]) -> dict[str, str]:
    return bearer(Scope.AUTOMATION)


def decision(number: int, seq: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"d-{number}",
        "episode": f"e{seq}",
        "event_id": f"e{seq}",
        "seq": seq,
        "fingerprint": "f",
        "alertname": "Broken",
        "decision": "declined",
        "reason": "mode_off",
        "detail": "Switched off.",
        "decided_at": AT,
    } | changes


def run(number: int, seq: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"r-{number}",
        "version": 1,
        "episode": f"e{seq}",
        "event_id": f"e{seq}",
        "seq": seq,
        "fingerprint": "f",
        "alertname": "Broken",
        "remedy": "restart",
        "playbook": "restart.yml",
        "target": {"kind": "Deployment", "namespace": "shop", "name": "api"},
        "mode": "auto",
        "attempt": 1,
        "state": "succeeded",
        "verification": "verified",
        "queued_at": AT,
        "tasks": [{"name": "Restart", "status": "changed"}],
        "output_tail": "ok=1",
        "evidence": {"ready_replicas": 1},
    } | changes


def all_ids(client: FlaskClient, headers: dict[str, str], path: str, limit: int) -> list[Any]:
    """Return the ids of a whole list, read part by part."""
    found: list[Any] = []
    cursor = None
    while True:
        query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        page = client.get(f"/api/v1/{path}", query_string=query, headers=headers).get_json()
        assert len(page["items"]) <= limit
        found += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            return found


@pytest.mark.parametrize(("path", "report", "prefix"), [("decisions", decision, "d"), ("runs", run, "r")])
def test_reports_are_listed_newest_event_first_without_holes_or_repeats(
    client: FlaskClient, robot: dict[str, str], path: str, report: Callable[..., dict[str, Any]], prefix: str
) -> None:
    for number, seq in enumerate([1, 2, 2, 2, 3, 10]):
        sent = client.post(f"/api/v1/{path}", json=report(number, seq), headers=robot)
        assert sent.status_code == 201, sent.text
    expected = [f"{prefix}-{number}" for number in (5, 4, 3, 2, 1, 0)]
    assert all_ids(client, robot, path, 2) == expected
    assert all_ids(client, robot, path, 50) == expected


def test_alerts_are_listed_newest_first(
    client: FlaskClient, robot: dict[str, str], incident: dict[str, Any], context: None
) -> None:
    with transaction():
        for seq in range(1, 6):
            db.session.add(
                AlertEvent(
                    id=f"event-{seq}",
                    seq=seq,
                    episode="event-1",
                    fingerprint="f",
                    status="firing" if seq < 5 else "resolved",
                    source="alertmanager",
                    incident_id=incident["id"] if seq == 1 else None,
                    received_at=now(),
                )
            )
    assert all_ids(client, robot, "alerts", 2) == [f"event-{seq}" for seq in (5, 4, 3, 2, 1)]
    for query, expected in ((f"incident={incident['id']}", ["event-1"]), ("status=resolved", ["event-5"])):
        items = client.get(f"/api/v1/alerts?{query}", headers=robot).get_json()["items"]
        assert [item["id"] for item in items] == expected


def test_a_run_by_itself_has_tasks_output_and_evidence(client: FlaskClient, robot: dict[str, str]) -> None:
    client.post("/api/v1/runs", json=run(1, 1), headers=robot)
    (listed,) = client.get("/api/v1/runs?remedy=restart&state=succeeded", headers=robot).get_json()["items"]
    assert "output_tail" not in listed
    whole = client.get("/api/v1/runs/r-1", headers=robot).get_json()
    assert whole["tasks"][0]["name"] == "Restart"
    assert (whole["output_tail"], whole["evidence"]) == ("ok=1", {"ready_replicas": 1})
    assert whole["queued_at"] == AT
    assert client.get("/api/v1/runs?verification=still_firing", headers=robot).get_json()["items"] == []


def test_users_are_listed_without_their_addresses_and_found_by_one(
    client: FlaskClient, headers: dict[str, str], alice: User, vera: User
) -> None:
    page = client.get("/api/v1/users", headers=headers)
    assert [user["name"] for user in page.get_json()["items"]] == ["Vera", "Alice"]
    assert "example.org" not in page.text
    found = client.get("/api/v1/users?email=ALICE@example.org", headers=headers).get_json()["items"]
    assert found == [{"id": alice.id, "name": "Alice", "role": "responder", "status": "active"}]
    viewers = client.get("/api/v1/users?role=viewer", headers=headers).get_json()["items"]
    assert [user["name"] for user in viewers] == ["Vera"]


def test_a_token_says_what_it_is_and_for_whom(client: FlaskClient, alice: User) -> None:
    made = tokens.create(name="hers", scopes=[Scope.READ], by=SYSTEM, user_id=alice.id)
    shown = client.get("/api/v1/token", headers={"Authorization": f"Bearer {made.secret}"}).get_json()
    assert shown == {
        "name": "hers",
        "scopes": ["read"],
        "user": {"id": alice.id, "name": "Alice"},
        "expires_at": None,
    }


def test_numbers_count_incidents_and_the_automation(
    client: FlaskClient, robot: dict[str, str], incident: dict[str, Any]
) -> None:
    client.post("/api/v1/runs", json=run(1, 1), headers=robot)
    client.post("/api/v1/decisions", json=decision(1, 1), headers=robot)
    shown = client.get("/api/v1/stats", headers=robot).get_json()
    assert shown == {
        "incidents": [{"state": "open", "severity": incident["severity"], "count": 1}],
        "runs": [{"remedy": "restart", "state": "succeeded", "count": 1}],
        "verdicts": [{"remedy": "restart", "verdict": "verified", "count": 1}],
        "decisions": [{"decision": "declined", "reason": "mode_off", "count": 1}],
        "is_automation_paused": False,
        "period": shown["period"],
    }
    (times,) = shown["period"]["times"]
    assert (times["severity"], times["opened"], times["mttr_s"]) == (incident["severity"], 1, None)


def test_stats_tell_the_times_and_the_automation_of_a_period(
    client: FlaskClient, robot: dict[str, str], settings: Settings, context: None
) -> None:
    for days in (20, 1):
        healed(settings, now() - timedelta(days=days))
    shown = client.get("/api/v1/stats?period=7d", headers=robot).get_json()["period"]
    assert shown["times"] == [
        {
            "severity": "critical",
            "with_automation": True,
            "opened": 1,
            "acknowledged": 0,
            "mtta_s": None,
            "resolved": 1,
            "mttr_s": pytest.approx(42, abs=0.01),
        }
    ]
    assert (shown["automation"]["attempted"], shown["automation"]["verified"]) == (1, 1)
    month = client.get("/api/v1/stats?period=30d", headers=robot).get_json()["period"]
    assert (month["times"][0]["opened"], month["automation"]["verified"]) == (2, 2)
    assert client.get("/api/v1/stats?period=1d", headers=robot).status_code == 422
