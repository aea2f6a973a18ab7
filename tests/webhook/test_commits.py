"""What a commit of the journal writes: to the disk before it returns, and no more than it must."""

import contextlib
import shutil
import sqlite3

import pytest

from tests.webhook.test_episodes import event
from webhook.journal.store import ROOM_BYTES, SPARE_ROOMS, open_store

FULL = 2
"""SQLite's number for synchronous=FULL."""


def test_a_commit_is_on_disk_when_it_returns_whatever_the_server_would_do_by_itself(location):
    place = location()
    ask, answer = ("SHOW synchronous_commit", "on") if "://" in place else ("PRAGMA synchronous", FULL)
    with contextlib.closing(open_store(place)) as store, store.transaction() as execute:
        assert execute(ask)[0][0] == answer


def test_a_probe_writes_to_the_disk_though_it_adds_no_event(tmp_path, new_journal):
    """SQLite writes nothing for an update to the same values, and a commit without a write shows nothing."""
    place = str(tmp_path / "journal.db")
    journal = new_journal(place)
    journal.append([event("firing")])
    state = journal.state()
    with contextlib.closing(sqlite3.connect(place)) as other:
        before = other.execute("PRAGMA data_version").fetchone()
        journal.probe(fresh_seconds=0)
        assert other.execute("PRAGMA data_version").fetchone() != before
    assert journal.state() == state


def test_the_write_ahead_log_has_its_full_size_before_the_first_event(tmp_path, new_journal):
    if shutil.disk_usage(tmp_path).free < SPARE_ROOMS * ROOM_BYTES:
        pytest.skip("the volume is too full: the log then grows with the events")
    journal = new_journal(str(tmp_path / "journal.db"))
    log = tmp_path / "journal.db-wal"

    assert journal.last_seq() == 0
    full = log.stat().st_size
    assert full >= ROOM_BYTES

    journal.append([event("firing", fingerprint=f"{n:016x}") for n in range(50)])
    assert log.stat().st_size == full


def test_a_delivery_of_a_new_alert_takes_six_statements(tmp_path, new_journal, monkeypatch):
    """Begin, look, the event, its episode, the counters, commit: each more is paid for by every alert."""
    statements, connect = [], sqlite3.connect

    def traced(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    journal = new_journal(str(tmp_path / "journal.db"))
    journal.append([event("firing")])
    statements.clear()

    assert journal.append([event("firing", fingerprint="f" * 16)]).last_seq == 2
    assert len(statements) == 6, statements
