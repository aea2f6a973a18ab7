"""Schedules and who is on call, over the API."""

from datetime import UTC, datetime

import pytest
import time_machine

from app.records.accounts import Role, Scope
from tests.app.conftest import make_user

MONDAY = datetime(2026, 11, 30, 8, tzinfo=UTC)
ADDRESS = "/api/v1/schedules"
LAYER = {"name": "Weekly", "turns": [["Ada"], ["grace@example.org"]]}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(MONDAY, tick=False):
        yield


@pytest.fixture
def people(app):
    with app.app_context():
        return {name: make_user(name, Role.RESPONDER).id for name in ("Ada", "Grace")}


@pytest.fixture
def schedule(client, headers, people):
    made = client.post(ADDRESS, json={"name": "Shop", "zone": "Europe/Berlin"}, headers=headers)
    assert made.status_code == 201, made.json
    one = f"{ADDRESS}/{made.json['id']}"
    assert client.post(f"{one}/layers", json=LAYER, headers=headers).status_code == 201
    return one


@pytest.fixture
def reader(bearer):
    return bearer(Scope.READ)


def names(shift):
    return [person["name"] for person in shift["people"]]


def test_a_schedule_says_who_is_on_call_now_and_next(client, reader, schedule):
    (shown,) = client.get(ADDRESS, headers=reader).json["items"]
    assert (names(shown["now"]), shown["now"]["ends_at"]) == (["Ada"], "2026-12-07T08:00:00.000Z")
    assert (names(shown["next"]), shown["gap"]) == (["Grace"], None)
    assert client.get(schedule, headers=reader).json == shown


def test_shifts_are_listed_with_gaps_and_within_bounds(client, headers, schedule):
    query = {"start": "2026-11-29T08:00:00Z", "end": "2026-12-14T08:00:00Z"}
    found = client.get(f"{schedule}/shifts", query_string=query, headers=headers).json["items"]
    assert [names(shift) for shift in found] == [[], ["Ada"], ["Grace"]]
    for wrong in ({"end": "2026-11-01T00:00:00Z"}, {"end": "2028-01-01T00:00:00Z"}, {"start": "2026-11-29"}):
        assert client.get(f"{schedule}/shifts", query_string=query | wrong, headers=headers).status_code in {
            400,
            422,
        }


def test_a_layer_is_changed_after_the_running_turn_and_removed_at_once(client, headers, schedule):
    changed = client.post(f"{schedule}/layers/1", json=LAYER | {"turns": [["Grace"]]}, headers=headers).json
    assert changed["starts_at"] == "2026-12-07T08:00:00.000Z"
    assert client.get(f"{schedule}/layers", headers=headers).json["items"] == [changed]
    removed = client.post(f"{schedule}/layers/1/remove", json={"at_once": True}, headers=headers)
    assert removed.json == changed
    assert names(client.get(schedule, headers=headers).json["now"]) == []


def test_an_override_is_made_listed_and_ended(client, headers, people, schedule):
    body = {"person": people["Grace"], "ends_at": "2026-11-30T12:00:00Z", "reason": "Dentist"}
    made = client.post(f"{schedule}/overrides", json=body, headers=headers)
    assert (made.status_code, made.json["starts_at"]) == (201, "2026-11-30T08:00:00.000Z")
    assert client.get(f"{schedule}/overrides", headers=headers).json["items"] == [made.json]
    assert names(client.get(schedule, headers=headers).json["now"]) == ["Grace"]
    ended = client.post(f"/api/v1/overrides/{made.json['id']}/end", json={}, headers=headers)
    assert names(ended.json["now"]) == ["Ada"]


def test_a_program_must_say_who_takes_over(client, headers, schedule):
    answer = client.post(f"{schedule}/overrides", json={"ends_at": "2026-11-30T12:00:00Z"}, headers=headers)
    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "person")


def test_a_schedule_is_renamed_and_deleted(client, headers, schedule):
    body = {"name": "Store", "zone": "UTC"}
    assert client.post(schedule, json=body, headers=headers).json["name"] == "Store"
    assert client.post(f"{schedule}/delete", json={}, headers=headers).json["name"] == "Store"
    assert client.get(schedule, headers=headers).status_code == 404


def test_who_only_reads_changes_nothing(client, reader, schedule):
    for path in ("", "/delete", "/layers", "/layers/1", "/layers/1/remove", "/overrides"):
        assert client.post(schedule + path, json={}, headers=reader).status_code == 403
