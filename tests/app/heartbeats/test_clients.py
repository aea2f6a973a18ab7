"""Clients that people have: curl, and those that were written for Healthchecks, against the real server."""

import signal
import subprocess
from urllib.parse import urlsplit

import pytest
from healthchecks_wrapper import HealthCheck

from app.records.heartbeats import PingKind
from tests.app.server import running
from tests.processes import Process
from tests.waiting import until

PLAN = {"name": "Backup", "period": "1h", "grace": "10m"}


@pytest.fixture
def jobs(tmp_path):
    """A running server: the address of a heartbeat there, and its last pings, newest first."""
    with running(tmp_path, OIMS_API_RATE_LIMIT="0") as server:
        token = server.token("ops", "write")
        _, made = server.ask("POST", "/api/v1/heartbeats", token=token, body=PLAN)
        address = f"{server.url}{urlsplit(made['address']).path}"

        def pings(count):
            def came():
                _, found = server.ask("GET", f"/api/v1/heartbeats/{made['id']}/pings", token=token)
                return found["items"] if len(found["items"]) == count else None

            return until(came)

        worker = Process("app", "worker", env=server.environment, cwd=tmp_path)
        try:
            yield address, pings
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(40)


def curl(*arguments, given=""):
    command = ["curl", "-fsS", "-m", "10", "--retry", "5", *arguments]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout


def test_curl_pings_as_the_documentation_says(jobs):
    address, pings = jobs
    assert curl(f"{address}/start") == "OK"
    curl("-o", "/dev/null", "--data-binary", "@-", f"{address}/3", given="no space left\n")
    curl("--head", address)
    found = [(ping["kind"], ping["exit_status"], ping["body"]) for ping in reversed(pings(3))]
    assert found == [
        (PingKind.START, None, ""),
        (PingKind.FAIL, 3, "no space left\n"),
        (PingKind.SUCCESS, None, ""),
    ]


def test_a_ping_with_more_than_the_server_reads_counts(jobs):
    address, pings = jobs
    assert curl("--data-binary", "@-", f"{address}/3", given="x" * 2_000_000) == "OK"
    (ping,) = pings(1)
    assert (ping["kind"], ping["exit_status"], ping["cut"]) == (PingKind.FAIL, 3, True)


def test_healthchecks_wrapper_tells_start_success_and_failure(jobs):
    address, pings = jobs
    with HealthCheck(address):
        pass
    with HealthCheck(address, suppress_exceptions=True):
        raise RuntimeError("no space left")
    found = pings(4)
    assert [ping["kind"] for ping in reversed(found)] == ["start", "success", "start", "fail"]
    assert "RuntimeError: no space left" in found[0]["body"]
    assert found[0]["duration_s"] is not None
