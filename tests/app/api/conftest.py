"""A program with a token that may write, and one incident."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.records.accounts import Scope


@pytest.fixture
def headers(bearer: Callable[..., dict[str, str]]) -> dict[str, str]:
    return bearer(Scope.WRITE)


@pytest.fixture
def incident(client: FlaskClient, headers: dict[str, str]) -> dict[str, Any]:
    answer = client.post(
        "/api/v1/incidents", json={"title": "Disk full", "severity": "high"}, headers=headers
    )
    assert answer.status_code == 201
    return answer.get_json()
