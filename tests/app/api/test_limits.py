"""How often a token may ask."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import limiter
from app.records.accounts import Scope


@pytest.fixture
def app(make_settings: Any, make_app: Any) -> Any:
    return make_app(make_settings(api_rate_limit="5"))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The bucket's clock: its only item is the time in seconds."""
    time = [1000.0]
    monkeypatch.setattr(limiter, "monotonic", lambda: time[0])
    return time


def test_it_says_what_is_left_then_to_wait_and_lets_through_after_that(
    client: FlaskClient, headers: dict[str, str], clock: list[float]
) -> None:
    left = []
    for _ in range(5):
        answer = client.get("/api/v1/incidents", headers=headers)
        assert answer.status_code == 200
        assert answer.headers["RateLimit-Policy"] == '"token";q=5;w=60'
        found = re.match(r'"token";r=(\d+);t=\d+$', answer.headers["RateLimit"])
        assert found is not None
        left.append(int(found[1]))
    assert left == [4, 3, 2, 1, 0]
    refused = client.get("/api/v1/incidents", headers=headers)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "12")
    assert refused.headers["RateLimit"] == '"token";r=0;t=12'
    assert refused.get_json()["detail"] == "This token may ask 5 times a minute. Wait, then repeat."
    clock[0] += 12
    assert client.get("/api/v1/incidents", headers=headers).status_code == 200
    assert client.get("/api/v1/incidents", headers=headers).status_code == 429


def test_each_token_has_its_own_bucket(
    client: FlaskClient, headers: dict[str, str], bearer: Callable[..., dict[str, str]], clock: list[float]
) -> None:
    for _ in range(6):
        client.get("/api/v1/incidents", headers=headers)
    assert client.get("/api/v1/incidents", headers=headers).status_code == 429
    assert client.get("/api/v1/incidents", headers=bearer(Scope.READ)).status_code == 200


def test_reports_of_the_automation_always_arrive(
    client: FlaskClient, bearer: Callable[..., dict[str, str]], clock: list[float]
) -> None:
    headers = bearer(Scope.AUTOMATION)
    statuses = {client.post("/api/v1/decisions", json={}, headers=headers).status_code for _ in range(20)}
    assert statuses == {422}


def test_zero_means_no_limit(make_settings: Any, make_app: Any, bearer: Any) -> None:
    client = make_app(make_settings(api_rate_limit="0")).test_client()
    headers = bearer(Scope.READ)
    answers = [client.get("/api/v1/incidents", headers=headers) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[0].headers
