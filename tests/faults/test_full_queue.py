"""Both threads are held, and requests wait for them: which go when places are short, and which are done."""

import contextlib
import os

import pytest

from serving.limits import MAX_CONNECTIONS
from tests.faults.attackers import Target
from tests.processes import Process, free_port
from tests.waiting import until

NEWCOMERS = 20


@pytest.fixture
def target():
    target = Target(free_port(), "/", "")
    process = Process("tests.faults.hanging", str(target.port), env=os.environ)
    try:
        until(lambda: target.says(b"GET /healthz HTTP/1.0\r\n\r\n"))
        yield target
    finally:
        process.kill()


@pytest.mark.fault("F16")
def test_more_requests_in_the_queue_than_there_are_places_keep_no_newcomer_out(target):
    with contextlib.ExitStack() as stack:
        for _ in range(MAX_CONNECTIONS + NEWCOMERS):
            stack.enter_context(target.connect()).sendall(target.head("Content-Length: 0"))

        assert [target.health()[0] for _ in range(NEWCOMERS)] == [b"200"] * NEWCOMERS


@pytest.fixture
def held(target):
    """Connections whose requests hold both threads."""
    with contextlib.ExitStack() as stack:
        for number in range(1, 3):
            stack.enter_context(target.connect()).sendall(target.head("Content-Length: 0"))
            until(lambda number=number: calls(target) == number)
        yield


def calls(target, query=""):
    return int(target.says(f"GET /healthz{query} HTTP/1.0\r\n\r\n".encode()).split()[-1])


@pytest.mark.fault("F16")
@pytest.mark.usefixtures("held")
def test_connections_that_send_nothing_push_no_request_out_of_the_queue(target):
    with contextlib.ExitStack() as stack:
        waiting = stack.enter_context(target.connect())
        waiting.sendall(target.head("Content-Length: 0"))
        for _ in range(MAX_CONNECTIONS + NEWCOMERS):
            stack.enter_context(target.connect())
        calls(target, "?go")

        assert waiting.recv(12) == b"HTTP/1.1 200"


@pytest.mark.fault("F16")
@pytest.mark.usefixtures("held")
def test_a_request_whose_client_has_left_the_queue_is_not_carried_out(target):
    with target.connect() as leaving:
        leaving.sendall(target.head("Content-Length: 0"))
        calls(target)  # asked after it, so its request has been read
    calls(target)
    with target.connect() as staying:
        staying.sendall(target.head("Content-Length: 0"))
        calls(target, "?go")
        assert staying.recv(12) == b"HTTP/1.1 200"

    assert calls(target) == 3
