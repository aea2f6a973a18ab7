"""A heartbeat, a client that pings it, and a worker that looks."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from app.heartbeats import queries, service
from app.heartbeats import watch as watching
from app.heartbeats.service import Plan
from app.heartbeats.watch import Watch
from app.records.actors import SYSTEM
from app.records.heartbeats import Heartbeat
from app.severities import Severity

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def database_url(any_database_url: str) -> str:
    """What is concluded, and once, is about the database."""
    return any_database_url


class Clock:
    """Noon, until time passes."""

    def __init__(self, wall: time_machine.Traveller) -> None:
        self._wall = wall
        self.steady = 0.0

    def shift(self, passed: timedelta) -> None:
        """Let time pass, on both clocks."""
        self._wall.shift(passed)
        self.steady += passed.total_seconds()

    def move(self, by: timedelta) -> None:
        """Set the wall clock; the steady one goes on."""
        self._wall.shift(by)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    with time_machine.travel(NOON, tick=False) as wall:
        clock = Clock(wall)
        monkeypatch.setattr(watching, "monotonic", lambda: clock.steady)
        yield clock


@pytest.fixture
def make(context: None) -> Callable[..., Heartbeat]:
    def make(**values: Any) -> Heartbeat:
        given = {"name": "Backup", "severity": Severity.HIGH, "period": "1h", "grace": "10m"}
        return service.create(Plan(**(given | values)), actor=SYSTEM)

    return make


@pytest.fixture
def heartbeat(clock: Clock, make: Callable[..., Heartbeat]) -> Heartbeat:
    return make()


@pytest.fixture
def ping(client: FlaskClient, app: Flask) -> Callable[..., int]:
    """Ping a heartbeat through its address; returns the status."""

    def ping(heartbeat: Heartbeat, path: str = "", **given: Any) -> int:
        with app.app_context():
            secret = service.secret_of(queries.get(heartbeat.id))
        return client.post(f"/ping/{secret}{path}", **given).status_code

    return ping


@pytest.fixture
def watch(clock: Clock, context: None) -> Watch:
    """A worker that has looked before, long ago enough to have heard all pings since."""
    watch = Watch()
    watch.look()
    return watch
