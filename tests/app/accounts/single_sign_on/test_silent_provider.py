"""A provider that accepts connections and says nothing takes the app from nobody."""

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
from flask import Flask

from app.accounts.provider import AT_ONCE, TIMEOUT_S
from app.config import Settings
from tests.app.accounts.provider import CLIENT_ID, CLIENT_SECRET


@pytest.fixture
def silent() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def settings(make_settings: Callable[..., Settings], silent: str) -> Settings:
    given: dict[str, Any] = {"oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET}
    return make_settings(base_url="http://localhost", oidc_issuer=silent, **given)


@pytest.mark.slow
@pytest.mark.threat("T31")
def test_a_silent_provider_keeps_few_threads_waiting_and_the_others_answer_at_once(app: Flask) -> None:
    visitors = AT_ONCE + 20
    with ThreadPoolExecutor(visitors) as pool:
        began = time.monotonic()
        answers = [pool.submit(app.test_client().get, "/login/oidc") for _ in range(visitors)]
        refused, waiting = wait(answers, timeout=TIMEOUT_S / 2)
        assert (len(refused), len(waiting)) == (20, AT_ONCE)
        assert Counter(one.result().status_code for one in answers) == {503: visitors}
    assert time.monotonic() - began < 3 * TIMEOUT_S
    assert app.test_client().get("/login").status_code == 200
