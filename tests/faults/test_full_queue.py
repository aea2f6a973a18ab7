"""Every place is taken by a request, and the threads hang."""

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
