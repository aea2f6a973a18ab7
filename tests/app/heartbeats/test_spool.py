"""The file where pings wait: what it does when it is removed, put back, or full."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.heartbeats.arrivals import Arrival, InFile, Mark
from app.heartbeats.spool import Spool
from app.records.heartbeats import HeartbeatWatch, PingKind
from contract import limits

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def ping(number: int) -> Arrival:
    return Arrival(heartbeat_id=number, at=NOW, kind=PingKind.SUCCESS)


def taken(arrivals: InFile) -> list[int]:
    return [arrival.heartbeat_id for arrival in arrivals.take(HeartbeatWatch(spool="", taken=0))]


def test_a_ping_after_the_file_was_removed_waits_in_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "pings"
    arrivals = InFile(path)
    arrivals.add(ping(1))
    for file in tmp_path.iterdir():
        file.unlink()

    arrivals.add(ping(2))

    assert taken(InFile(path)) == [2]
    assert taken(arrivals) == [2]


def fill(spool: Spool) -> int:
    """Append until the file is full; return how many texts it holds."""
    for texts in range(100):
        try:
            spool.append("x" * 5_000)
        except sqlite3.Error:
            return texts
    pytest.fail("the file has no bound")


def test_a_full_file_refuses_pings_until_some_have_taken_effect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WAITING_PINGS_BYTES", 100_000)
    spool = Spool(tmp_path / "pings")
    texts = fill(spool)
    assert 5 < texts < 25

    spool.drop(texts)

    assert fill(spool) > 5
    assert [number for number, _ in spool.read(0, 1)] == [texts + 1]
    spool.close()


def test_what_was_taken_is_forgotten_only_in_the_file_that_it_came_from(tmp_path: Path) -> None:
    arrivals = InFile(tmp_path / "pings")
    arrivals.add(ping(1))
    arrivals.forget(Mark("another file", 1))
    assert taken(arrivals) == [1]
