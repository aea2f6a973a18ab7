"""Chains, routes and paging over the API."""

import pytest

from app.escalations import pager
from app.records.accounts import Role, Scope
from tests.app.conftest import make_user

CHAINS, ROUTES = "/api/v1/chains", "/api/v1/routes"


@pytest.fixture
def plan(app):
    with app.app_context():
        alice = make_user("Alice", Role.RESPONDER).id
    return {"name": "Shop", "default": True, "steps": [{"notify": {"kind": "person", "id": alice}}]}


@pytest.fixture
def made(client, headers, plan):
    answer = client.post(CHAINS, json=plan, headers=headers)
    assert answer.status_code == 201, answer.json
    return answer.json


def test_a_chain_is_made_listed_changed_and_deleted(client, headers, made, plan):
    assert made["steps"][0] == plan["steps"][0] | {"wait": "5m", "when": "always"}
    assert made["machine_first"] == {"critical": "0s", "high": "3m", "medium": "10m", "low": "30m"}
    assert made["hours"] == {"days": [0, 1, 2, 3, 4], "start": "08:00", "end": "18:00", "zone": "UTC"}
    one = f"{CHAINS}/{made['id']}"
    assert client.get(CHAINS, headers=headers).json["items"] == [made]
    assert client.get(one, headers=headers).json == made
    same = {key: value for key, value in made.items() if key != "id"}
    assert client.post(one, json=same, headers=headers).json == made
    assert client.post(one, json=plan | {"repeats": 3}, headers=headers).json["repeats"] == 3
    assert client.post(f"{one}/delete", json={}, headers=headers).json["name"] == "Shop"
    assert client.get(one, headers=headers).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 81),
        ("steps", []),
        ("steps", [{"notify": {"kind": "person", "id": 999}}]),
        ("steps", [{"notify": {"kind": "team", "id": 999}}]),
        ("steps", [{"notify": {"kind": "schedule", "id": 2**63}}]),
        ("steps", [{"notify": {"kind": "person", "id": 1}, "wait": "2d"}]),
        ("repeats", 10),
        ("machine_first", {"high": "2d"}),
        ("machine_first", {"loud": "1m"}),
        ("hours", {"zone": "Mars/Olympus"}),
        ("hours", {"days": []}),
        ("hours", {"start": "24:00"}),
        ("extra", 1),
    ],
)
def test_a_wrong_chain_is_refused(client, headers, plan, field, value):
    assert client.post(CHAINS, json=plan | {field: value}, headers=headers).status_code == 422


def test_routes_are_made_raised_changed_and_deleted(client, headers, made):
    first, second = (
        client.post(ROUTES, json={"matchers": text, "chain": made["id"]}, headers=headers).json
        for text in ("team=shop", "severity=~high|critical")
    )
    client.post(f"{ROUTES}/{second['id']}/raise", json={}, headers=headers)
    assert client.get(ROUTES, headers=headers).json["items"] == [second, first]
    assert client.post(f"{CHAINS}/{made['id']}/delete", json={}, headers=headers).status_code == 422
    changed = {"matchers": "team=db", "chain": made["id"]}
    assert client.post(f"{ROUTES}/{first['id']}", json=changed, headers=headers).json["matchers"] == [
        "team=db"
    ]
    assert client.post(f"{ROUTES}/{first['id']}/delete", json={}, headers=headers).status_code == 200
    assert client.post(ROUTES, json={"matchers": "a=b", "chain": 99}, headers=headers).status_code == 422


def test_who_would_be_paged_is_answered_to_readers(client, bearer, made):
    reader = bearer(Scope.READ)
    asked = {"labels": {"severity": "critical"}, "at": "2026-11-25T12:00:00Z"}
    answer = client.post(f"{CHAINS}/explain", json=asked, headers=reader).json
    assert (answer["chain"], answer["route"]) == (made["id"], None)
    assert answer["steps"][0] == {
        "at": "2026-11-25T12:00:00.000Z",
        "step": "step 1",
        "whom": "Alice",
        "nobody": False,
    }
    assert client.post(CHAINS, json={}, headers=reader).status_code == 403


def test_the_paging_for_an_incident_is_told_and_ends_by_acknowledging(app, client, headers, made):
    opened = {"title": "Checkout fails", "severity": "critical"}
    one = f"/api/v1/incidents/{client.post('/api/v1/incidents', json=opened, headers=headers).json['id']}"
    with app.app_context():
        pager.look()
    paging = client.get(f"{one}/paging", headers=headers).json
    assert (paging["state"], paging["chain"], paging["next"]) == ("paging", "Shop", "Alice")
    client.post(f"{one}/acknowledge", json={}, headers=headers | {"User-Agent": "oims-cli/1.0"})
    with app.app_context():
        pager.look()
    assert client.get(f"{one}/paging", headers=headers).json["state"] == "acknowledged"
    told = [item["summary"] for item in client.get(f"{one}/timeline", headers=headers).json["items"]]
    assert any(text.endswith("by the command line.") for text in told)


def test_an_incident_without_a_chain_has_no_paging(client, headers):
    opened = {"title": "Checkout fails"}
    number = client.post("/api/v1/incidents", json=opened, headers=headers).json["id"]
    assert client.get(f"/api/v1/incidents/{number}/paging", headers=headers).json["state"] is None


def test_help_is_asked_for_over_the_api(client, headers, plan):
    opened = {"title": "Checkout fails"}
    one = f"/api/v1/incidents/{client.post('/api/v1/incidents', json=opened, headers=headers).json['id']}"
    asked = plan["steps"][0]["notify"] | {"reason": "Please look"}
    assert client.post(f"{one}/help", json=asked, headers=headers).status_code == 200
    assert client.get(f"{one}/paging", headers=headers).json["state"] == "waiting"
    unknown = {"kind": "team", "id": 99}
    assert client.post(f"{one}/help", json=unknown, headers=headers).status_code == 422
