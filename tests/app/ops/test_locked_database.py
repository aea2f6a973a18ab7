"""A database that is locked by somebody else, as the web server shows it."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.app.server import Server, running
from tests.waiting import until

IN_TIME_S = 2.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path) as server:
        yield server


def write(server: Server, token: str) -> tuple[int, float]:
    """Plan a maintenance; return the status and the seconds it took."""
    start = datetime.now(UTC)
    window: dict[str, Any] = {"comment": "Disks", "matchers": ["team=disks"], "starts_at": start.isoformat()}
    window["ends_at"] = (start + timedelta(hours=1)).isoformat()
    started = time.monotonic()
    status, _ = server.ask("POST", "/api/v1/maintenance", token=token, body=window)
    return status, time.monotonic() - started


@pytest.mark.fault("F17")
def test_a_locked_database_gives_503_in_time_and_heals(server: Server) -> None:
    token = server.token("plans", "write")
    status, usual_s = write(server, token)
    assert status == 201
    path = server.environment["OIMS_DATABASE_URL"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as blocker:
        blocker.execute("BEGIN IMMEDIATE")
        status, seconds = write(server, token)
        assert status == 503
        assert seconds <= IN_TIME_S + usual_s
        assert server.ask("GET", "/readyz")[0] == 503
        assert server.ask("GET", "/healthz")[0] == 200
    until(lambda: server.ask("GET", "/readyz")[0] == 200)
    assert write(server, token)[0] == 201
