"""The end of the kubeconfig's token is told before it comes."""

import os
import time
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from automation.token import TokenEnd, Validity
from contract.moments import rfc3339
from tests.automation.test_metrics import scrape
from tests.processes import free_port

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


class Clock:
    """Time that a test moves."""

    def __init__(self):
        self.now = NOW

    def wall(self):
        return self.now

    def steady(self):
        return (self.now - NOW).total_seconds()


@pytest.fixture
def file(tmp_path):
    """A token of 24 hours that is made now."""
    path = tmp_path / "token-end"
    renew(path, NOW)
    return path


def renew(path, now):
    path.write_text(f"{now + timedelta(hours=24):%Y-%m-%dT%H:%M:%SZ}\n")
    os.utime(path, (now.timestamp(), now.timestamp()))


@pytest.mark.parametrize(
    ("hours", "validity"),
    [
        (0, Validity.VALID),
        (17.9, Validity.VALID),  # the timer has tried twice, after 8 and 16 hours
        (18.1, Validity.ENDS_SOON),
        (23.9, Validity.ENDS_SOON),
        (24, Validity.ENDED),
        (1000, Validity.ENDED),
    ],
)
def test_a_token_ends_soon_when_it_should_have_been_renewed(file, hours, validity):
    clock = Clock()
    clock.now += timedelta(hours=hours)
    assert TokenEnd(file, clock).read() == (validity, NOW + timedelta(hours=24))


@pytest.mark.parametrize(
    "text", [b"", b"soon", b"2026-11-28", b"2026-11-28T12:00:00", b"\xff\x00", b"9" * 100, None]
)
def test_what_is_no_time_is_no_known_end(file, text):
    file.unlink() if text is None else file.write_bytes(text)
    assert TokenEnd(file, Clock()).read() == (Validity.UNKNOWN, None)


def test_it_is_said_once_again_every_hour_and_no_more_after_a_renewal(file):
    clock = Clock()
    token = TokenEnd(file, clock)
    said = []
    with structlog.testing.capture_logs() as logs:
        for minutes in range(0, 30 * 60, 10):
            clock.now = NOW + timedelta(minutes=minutes)
            if minutes == 28 * 60:
                renew(file, clock.now)
            token.look()
            said += [(minutes / 60, entry["log_level"], entry["event"]) for entry in logs]
            logs.clear()
    soon, ended = "the token of the kubeconfig ends soon", "the token of the kubeconfig has ended"
    assert [entry for entry in said if entry[1] == "warning"] == [
        *[(pytest.approx(18 + 1 / 6 + hour), "warning", soon) for hour in range(6)],
        *[(pytest.approx(24 + hour), "warning", ended) for hour in range(4)],
    ]
    assert said[-1] == (28, "info", "the token of the kubeconfig is valid")


@pytest.mark.threat("T39")
def test_a_follower_warns_and_tells_the_end_in_its_metrics(journal, app, follower, eventually, tmp_path):
    bind, file = f"127.0.0.1:{free_port()}", tmp_path / "token-end"
    ends = datetime.now(UTC) + timedelta(hours=1)
    file.write_text(rfc3339(ends))
    os.utime(file, (time.time() - 23 * 3600,) * 2)
    one = follower(OIMS_METRICS_BIND=bind, OIMS_TOKEN_END_FILE=str(file))
    seen = eventually(lambda: scrape(bind).get(("token_end_timestamp_seconds",)))
    assert seen == pytest.approx(ends.timestamp(), abs=0.01)
    assert scrape(bind)["token_ends_soon",] == 1
    eventually(lambda: "the token of the kubeconfig ends soon" in one.log)


def test_check_tells_a_token_that_was_not_renewed(command, journal, app, tmp_path):
    file = tmp_path / "token-end"
    file.write_text(rfc3339(datetime.now(UTC) - timedelta(hours=1)))
    done = command("check", OIMS_TOKEN_END_FILE=str(file))
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("token ")]
    assert "FAILED" in row
    assert "has ended" in row
    assert "host_setup.sh --renew" in row
