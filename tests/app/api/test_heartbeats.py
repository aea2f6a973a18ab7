"""Heartbeats over the API."""

import pytest

from app.records.accounts import Scope

ADDRESS = "/api/v1/heartbeats"
PLAN = {"name": "Backup", "cron": "30  2 * * *", "zone": "Europe/Berlin", "grace": "1h", "service": "shop"}


@pytest.fixture
def made(client, headers):
    answer = client.post(ADDRESS, json=PLAN, headers=headers)
    assert answer.status_code == 201, answer.json
    return answer.json


def test_a_heartbeat_is_made_listed_changed_paused_resumed_and_deleted(client, headers, made):
    assert (made["state"], made["cron"], made["period"], made["grace"]) == ("new", "30 2 * * *", None, "1h")
    assert client.get(ADDRESS, headers=headers).json["items"] == [made]
    one = f"{ADDRESS}/{made['id']}"
    changed = client.post(one, json={"name": "Backup", "period": "90m"}, headers=headers).json
    assert (changed["period"], changed["cron"], changed["address"]) == ("1h30m", None, made["address"])
    assert client.post(f"{one}/pause", json={}, headers=headers).json["state"] == "paused"
    assert client.post(f"{one}/pause", json={}, headers=headers).status_code == 409
    assert client.post(f"{one}/resume", json={}, headers=headers).json["state"] == "new"
    assert client.post(f"{one}/renew", json={}, headers=headers).json["address"] != made["address"]
    assert client.post(f"{one}/delete", json={}, headers=headers).json["name"] == "Backup"
    assert client.get(one, headers=headers).status_code == 404


def test_the_address_is_for_those_who_may_write(client, bearer, made):
    assert client.get(made["address"].removeprefix("http://oims.example.org")).text == "OK"
    reader = bearer(Scope.READ)
    assert client.get(f"{ADDRESS}/{made['id']}", headers=reader).json == made | {"address": None}
    pings = client.get(f"{ADDRESS}/{made['id']}/pings", headers=reader)
    assert pings.json == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 101),
        ("cron", "0 0 30 2 *"),
        ("period", "1h"),
        ("grace", "1s"),
        ("grace", "soon"),
        ("zone", "Mars/Olympus"),
        ("severity", "loud"),
        ("service", "x\x00y"),
    ],
)
def test_a_wrong_heartbeat_names_its_field(client, headers, field, value):
    answer = client.post(ADDRESS, json=PLAN | {field: value}, headers=headers)
    assert answer.status_code in {400, 422}
    assert [item["field"] for item in answer.json["errors"]] in [[field], ["cron"]]
