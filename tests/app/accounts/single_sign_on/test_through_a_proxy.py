"""The provider is outside: it is asked by the environment's proxy, unless NO_PROXY names it."""

from typing import Any

import pytest
from flask.testing import FlaskClient

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """All the world is behind a proxy, which is away."""
    for name in ("no_proxy", "NO_PROXY", "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", NOWHERE)
    return monkeypatch


@pytest.mark.parametrize(("exceptions", "status"), [(None, 503), ("example.org", 503), ("localhost", 302)])
def test_no_proxy_is_respected(
    surroundings: pytest.MonkeyPatch, client: FlaskClient, exceptions: str | None, status: int
) -> None:
    if exceptions is not None:
        surroundings.setenv("NO_PROXY", exceptions)
    answer: Any = client.get("/login/oidc")
    assert answer.status_code == status
