"""The faults that need real threads: slow answers, and slots that are all taken."""

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.app.server import Server, running
from tests.waiting import until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("faults"), OIMS_DEMO_FAULTS="true") as server:
        yield server


@pytest.fixture(scope="module")
def admin(server: Server) -> str:
    return server.token("faults", "admin")


@pytest.fixture
def switch(server: Server, admin: str) -> Iterator[Callable[..., Any]]:
    """Turns a fault on or off; all are off after the test."""

    def turn(kind: str, *, on: bool) -> Any:
        return server.ask("POST", "/demo/faults", token=admin, body={"kind": kind, "on": on})

    yield turn
    for kind in ("slow", "saturated"):
        turn(kind, on=False)


@pytest.fixture
def visitors() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as pool:
        yield pool


def in_flight(server: Server) -> float:
    found = re.search(r"^oims_http_requests_in_flight (\S+)$", server.metrics(), re.MULTILINE)
    assert found is not None
    return float(found[1])


def end_the_wait(server: Server) -> None:
    """Change the instructions, which is what waiting automations wait for."""
    start = datetime.now(UTC)
    window = {"comment": "Disks", "matchers": ["team=disks"], "starts_at": start.isoformat()}
    window["ends_at"] = (start + timedelta(hours=1)).isoformat()
    made = server.ask("POST", "/api/v1/maintenance", token=server.token("plans", "write"), body=window)
    assert made[0] == 201


def visit(server: Server, visitors: ThreadPoolExecutor) -> Future[tuple[int, Any]]:
    return visitors.submit(server.ask, "GET", "/login", timeout=60)


def test_slow_holds_each_answer_back_but_health_and_metrics(
    server: Server, switch: Callable[..., Any], visitors: ThreadPoolExecutor
) -> None:
    assert switch("slow", on=True) == (200, {"on": ["slow"]})
    started = time.monotonic()
    visited = visit(server, visitors)
    until(lambda: in_flight(server) >= 1)
    assert server.ask("GET", "/healthz")[0] == 200
    assert not visited.done()
    assert visited.result(30)[0] == 200
    assert time.monotonic() - started >= 3


def test_slow_ends_at_once_when_it_is_switched_off(
    server: Server, switch: Callable[..., Any], visitors: ThreadPoolExecutor
) -> None:
    switch("slow", on=True)
    visited = visit(server, visitors)
    until(lambda: in_flight(server) >= 1)
    assert switch("slow", on=False) == (200, {"on": []})
    assert visited.result(20)[0] == 200


def test_saturated_leaves_room_for_health_metrics_and_two_automations(
    server: Server, switch: Callable[..., Any], visitors: ThreadPoolExecutor
) -> None:
    assert switch("saturated", on=True) == (200, {"on": ["saturated"]})
    automation = server.token("waits", "automation")
    waiting = [
        visitors.submit(
            server.ask, "GET", "/api/v1/automation/instructions?wait=20", token=automation, timeout=60
        )
        for _ in range(2)
    ]
    held = [visit(server, visitors) for _ in range(7)]
    until(lambda: in_flight(server) >= 7)
    assert [server.ask("GET", path)[0] for path in ("/healthz", "/readyz")] == [200, 200]
    assert visit(server, visitors).result(20)[0] == 200
    assert not any(visited.done() for visited in held + waiting)
    assert switch("saturated", on=False) == (200, {"on": []})
    assert [visited.result(20)[0] for visited in held] == [200] * 7
    end_the_wait(server)
    assert [visited.result(20)[0] for visited in waiting] == [200] * 2
    until(lambda: in_flight(server) == 0)
