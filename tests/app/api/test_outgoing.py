"""Outgoing webhooks over the API."""

import pytest

from app.incidents import service as incidents
from app.records.accounts import Scope
from app.records.actors import SYSTEM
from app.severities import Severity

ADDRESS = "/api/v1/outgoing-webhooks"
PLAN = {"name": "Status page", "url": "https://status.example.org/hooks/7c1e"}


@pytest.fixture
def admin(bearer):
    return bearer(Scope.ADMIN)


@pytest.fixture
def made(client, admin):
    answer = client.post(ADDRESS, json=PLAN, headers=admin)
    assert answer.status_code == 201, answer.json
    return answer.json


def test_a_webhook_is_made_listed_changed_turned_off_and_deleted(client, admin, made):
    assert made["secret"].startswith("whsec_")
    assert client.get(ADDRESS, headers=admin).json["items"] == [made | {"secret": None}]
    one = f"{ADDRESS}/{made['id']}"
    changed = client.post(
        one, json={"name": "Board", "url": "https://example.net:8443/x"}, headers=admin
    ).json
    assert (changed["name"], changed["host"], changed["secret"]) == ("Board", "example.net:8443", None)
    assert client.post(f"{one}/off", json={}, headers=admin).json["on"] is False
    assert client.post(f"{one}/on", json={}, headers=admin).json["on"] is True
    assert client.post(f"{one}/renew", json={}, headers=admin).json["secret"] != made["secret"]
    assert client.post(f"{one}/delete", json={}, headers=admin).json["name"] == "Board"
    assert client.get(one, headers=admin).status_code == 404


def test_deliveries_are_listed_and_replayed(app, client, admin, made):
    with app.app_context():
        incidents.create(title="Down", severity=Severity.HIGH, actor=SYSTEM)
    one = f"{ADDRESS}/{made['id']}/deliveries"
    (delivery,) = client.get(one, headers=admin).json["items"]
    assert (delivery["kind"], delivery["incident"], delivery["state"]) == ("opened", 1, "waiting")
    again = client.post(f"{one}/{delivery['id']}/replay", json={}, headers=admin)
    assert again.status_code == 201
    assert again.json["event"] == delivery["event"]
    assert client.post(f"{one}/999/replay", json={}, headers=admin).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "x" * 61), ("url", ""), ("url", "https://127.0.0.1/"), ("url", "x\x00y")],
)
def test_a_wrong_webhook_names_its_field(client, admin, field, value):
    answer = client.post(ADDRESS, json=PLAN | {field: value}, headers=admin)
    assert answer.status_code in {400, 422}
    assert [item["field"] for item in answer.json["errors"]] == [field]


def test_it_is_for_administrators_only(client, bearer, made):
    assert client.get(ADDRESS, headers=bearer(Scope.WRITE)).status_code == 403
