"""Maintenance over the API."""

from datetime import UTC, datetime, timedelta

import pytest

from app.records.accounts import Scope

ADDRESS = "/api/v1/maintenance"


@pytest.fixture
def soon():
    return datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)


@pytest.fixture
def window(soon):
    return {
        "comment": "Moving the database",
        "matchers": ["service=shop", "severity!=critical"],
        "starts_at": soon.isoformat(),
        "ends_at": (soon + timedelta(hours=1)).isoformat(),
    }


def test_a_window_is_planned_listed_and_ended(client, bearer, window):
    write = bearer(Scope.WRITE)
    made = client.post(ADDRESS, json=window, headers=write)
    assert made.status_code == 201
    assert (made.json["holds"], made.json["weekly"], made.json["by"]) == (False, False, "test write")
    assert made.json["matchers"][1] == {"name": "severity", "op": "!=", "value": "critical"}
    one = f"{ADDRESS}/{made.json['id']}"
    assert client.get(one, headers=write).json == made.json
    assert client.get(f"{ADDRESS}?active=true", headers=write).json["items"] == [made.json]
    ended = client.post(f"{one}/end", json={}, headers=write)
    assert (ended.status_code, ended.json["ended_by"]) == (200, "test write")
    assert client.get(f"{ADDRESS}?active=true", headers=write).json["items"] == []
    assert len(client.get(ADDRESS, headers=write).json["items"]) == 1
    assert client.post(f"{one}/end", json={}, headers=write).status_code == 409


def test_the_automation_may_read_windows_but_not_make_them(client, bearer, window):
    automation = bearer(Scope.AUTOMATION)
    assert client.get(ADDRESS, headers=automation).status_code == 200
    assert client.post(ADDRESS, json=window, headers=automation).status_code == 403


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("comment", ""),
        ("matchers", []),
        ("matchers", ["service=~(a+"]),
        ("starts_at", "2026-01-01T00:00:00"),
        ("ends_at", "2020-01-01T00:00:00Z"),
        ("until", "2020-01-01T00:00:00Z"),
        ("zone", "Mars/Olympus"),
    ],
)
def test_a_wrong_window_names_its_field(client, bearer, window, field, value):
    answer = client.post(ADDRESS, json=window | {field: value}, headers=bearer(Scope.WRITE))
    assert answer.status_code in {400, 422}
    assert any(item["field"].startswith(field) for item in answer.json["errors"])


def test_there_is_no_window_of_an_unknown_number(client, bearer):
    headers = bearer(Scope.READ)
    for number in (1, 10**12):
        assert client.get(f"{ADDRESS}/{number}", headers=headers).status_code == 404


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("service=checkout, instance=db-1", [("service", "=", "checkout"), ("instance", "=", "db-1")]),
        ('{"service.name"="käse"}', [("service.name", "=", "käse")]),
        ('{pod=~"(?i)web.*", "a \\"b\\""!="",}', [("pod", "=~", "(?i)web.*"), ('a "b"', "!=", "")]),
    ],
)
def test_conditions_are_read_as_in_alertmanager(client, bearer, window, line, expected):
    made = client.post(ADDRESS, json=window | {"matchers": [line]}, headers=bearer(Scope.WRITE))
    assert made.status_code == 201, made.json
    assert [tuple(matcher.values()) for matcher in made.json["matchers"]] == expected


def test_a_condition_that_can_not_hold_is_refused_with_its_place(client, bearer, window):
    body = window | {"matchers": ["service=shop", "instance='db-1'"]}
    refused = client.post(ADDRESS, json=body, headers=bearer(Scope.WRITE))
    assert refused.status_code == 422
    assert refused.json["errors"] == [
        {"field": "matchers", "message": "Line 2, column 10: put the value in double quotes (\"), not in '."}
    ]
