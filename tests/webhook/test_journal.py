"""Durability's other half: many writers, readers that never see a gap, retention, waiting."""

import contextlib
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.waiting import until
from tests.webhook.test_episodes import event, rows
from webhook.journal import Journal, JournalUnavailableError
from webhook.journal.store import SqliteStore


def fill(journal, count, **fields):
    return journal.append([event("firing", fingerprint=f"{n:016x}", **fields) for n in range(count)])


def test_two_writers_by_turns_take_each_number_once(location, new_journal):
    place = location()
    writers = [new_journal(place), new_journal(place)]

    receipts = [writers[n % 2].append([event("firing", fingerprint=f"{n:016x}")]) for n in range(6)]
    repeat = writers[0].append([event("firing", fingerprint=f"{5:016x}")])

    assert [receipt.last_seq for receipt in receipts] == list(range(1, 7))
    assert repeat == (0, 1, 6)
    assert writers[1].append([]).last_seq == 6
    state = writers[0].state()
    assert (state.last_seq, state.row_count) == (6, 6)


def test_events_written_at_once_by_many_share_commits_and_keep_their_order(location, new_journal):
    commits, printed = [], []
    place = location()
    journal = new_journal(place, printed.append, commits.append)
    gate = threading.Barrier(8)

    def write(worker):
        gate.wait()
        return [journal.append([event("firing", fingerprint=f"{worker:08x}{n:08x}")]) for n in range(50)]

    with ThreadPoolExecutor(8) as pool:
        receipts = [receipt for done in pool.map(write, range(8)) for receipt in done]

    stored = [row["seq"] for row in rows(journal)]
    assert sum(receipt.accepted for receipt in receipts) == 400
    assert stored == list(range(1, 401))
    assert printed == journal.read(0, 1000).events
    assert len(commits) < 400


def is_taken(journal, fingerprint):
    """Append as a sender does, which is told to come again while others hold the database."""
    try:
        journal.append([event("firing", fingerprint=fingerprint)])
    except JournalUnavailableError:
        return False
    return True


def test_a_reader_never_sees_an_event_before_an_earlier_one(location, new_journal):
    """Two journals on one database are two replicas; a reader that goes by numbers must miss nothing."""
    place = location()
    replicas = [new_journal(place), new_journal(place)]
    reader = new_journal(place)
    seen, done = [], threading.Event()

    def write(number):
        for n in range(60):
            until(lambda name=f"{number:08x}{n:08x}": is_taken(replicas[number], name))

    def read():
        while not done.is_set() or reader.last_seq() > len(seen):
            seen.extend(row for row in reader.read(len(seen), 1000).events)

    with ThreadPoolExecutor(3) as pool:
        reading = pool.submit(read)
        try:
            for writing in [pool.submit(write, 0), pool.submit(write, 1)]:
                writing.result()
        finally:
            done.set()
        reading.result()

    assert seen == reader.read(0, 1000).events
    assert len(seen) == 120


def test_all_of_a_delivery_is_stored_or_nothing(location, new_journal):
    journal = new_journal(location())
    broken = event("firing", fingerprint="00000000000000bb")
    del broken["received_at"]

    with pytest.raises(KeyError):
        journal.append([event("firing"), broken])

    assert rows(journal) == []
    assert fill(journal, 1).last_seq == 1


def test_what_one_request_breaks_does_not_touch_another(location, new_journal):
    journal = new_journal(location())
    broken = event("firing")
    del broken["received_at"]
    gate = threading.Barrier(8)

    def write(number):
        gate.wait()
        item = broken if number == 3 else event("firing", fingerprint=f"{number:016x}")
        try:
            return journal.append([item]).accepted
        except KeyError:
            return "broken"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(map(str, pool.map(write, range(8)))) == ["1"] * 7 + ["broken"]


def test_old_events_are_pruned_and_the_journal_says_so(location, new_journal):
    journal = new_journal(location())
    fill(journal, 3, at="2026-01-01T00:00:00.000Z")
    journal.append(
        [event("resolved", fingerprint=f"{n:016x}", at="2026-01-02T00:00:00.000Z") for n in range(3)]
    )
    fill(journal, 2, at="2026-03-01T00:00:00.000Z", starts_at="2026-03-01T00:00:00.000Z")

    pruned = journal.prune(received_before="2026-02-01T00:00:00.000Z", keep_bytes=10**9)

    state = journal.state()
    assert pruned == 6
    assert [row["seq"] for row in rows(journal)] == [7, 8]
    assert (state.oldest_seq, state.last_seq, state.row_count) == (7, 8, 2)
    assert state.byte_count == sum(map(len, journal.read(0, 10).events))
    assert journal.prune(received_before="2026-02-01T00:00:00.000Z", keep_bytes=10**9) == 0


def test_the_oldest_events_are_pruned_when_they_take_too_much_room(location, new_journal):
    journal = new_journal(location())
    fill(journal, 700)
    journal.append([event("resolved", fingerprint=f"{n:016x}") for n in range(700)])
    keep = journal.state().byte_count // 2

    journal.prune(received_before="2000-01-01T00:00:00.000Z", keep_bytes=keep)

    assert keep - 1000 < journal.state().byte_count <= keep
    assert rows(journal)[-1]["seq"] == 1400


def test_events_of_open_episodes_stay_however_old(location, new_journal):
    journal = new_journal(location())
    fill(journal, 2)
    journal.append([event("resolved", fingerprint="0000000000000000")])

    journal.prune(received_before="2099-01-01T00:00:00.000Z", keep_bytes=0)

    assert [row["seq"] for row in rows(journal)] == [2]
    assert journal.open_episodes()[0].firing["seq"] == 2
    assert journal.state().oldest_seq == 4


def test_numbers_go_on_after_everything_was_pruned(location, new_journal):
    place = location()
    journal = new_journal(place)
    journal.append([event("firing"), event("resolved")])
    journal.prune(received_before="2099-01-01T00:00:00.000Z", keep_bytes=0)

    assert new_journal(place).append([event("firing", "2026-12-01T00:00:00.000Z")]).last_seq == 3


def test_a_page_ends_after_four_mebibytes_but_has_one_event_at_least(location, new_journal):
    journal = new_journal(location())
    big = {"annotations": {"text": "x" * 3 * 1024 * 1024}}
    journal.append([event("firing", fingerprint=f"{n:016x}") | big for n in range(3)])
    journal.append([event("firing", fingerprint="ff") | {"annotations": {"text": "x" * 5 * 1024 * 1024}}])

    assert len(journal.read(0, 500).events) == 1
    assert len(journal.read(3, 500).events) == 1


def test_a_waiting_reader_wakes_up_for_an_event_of_another_replica(location, new_journal):
    place = location()
    ours, theirs = new_journal(place), new_journal(place)
    fill(ours, 1)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ours.wait, 1, 30)
        theirs.append([event("firing", fingerprint="ff")])
        waiting.result(10)

    assert ours.last_seq() == 2


def test_readers_that_wait_are_sent_away_when_the_process_ends(location, new_journal):
    journal = new_journal(location())
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(journal.wait, 0, 60)
        journal.interrupt()
        waiting.result(10)


def test_a_journal_of_another_version_is_refused(tmp_path, new_journal):
    place = str(tmp_path / "journal.db")
    fill(new_journal(place), 1)
    with sqlite3.connect(place) as connection:
        connection.execute("UPDATE journal_state SET schema_version = 99")
    connection.close()

    with pytest.raises(JournalUnavailableError, match="schema"):
        fill(new_journal(place), 1)


def test_an_unwritable_answer_comes_in_time_while_another_holds_the_lock(tmp_path, new_journal):
    place = str(tmp_path / "journal.db")
    journal = new_journal(place)
    fill(journal, 1)
    blocker = sqlite3.connect(place, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")

    started = time.monotonic()
    with pytest.raises(JournalUnavailableError, match="locked"):
        fill(journal, 1)
    assert time.monotonic() - started < 5
    with pytest.raises(JournalUnavailableError):
        journal.probe(fresh_seconds=0)

    blocker.close()
    until(lambda: fill(journal, 2).last_seq == 2)


def test_a_new_journal_is_opened_by_one_thread_while_the_others_wait(tmp_path):
    """SQLite refuses a second connection while the first switches a new file to its write-ahead log."""
    meeting, met = threading.Barrier(2), []

    class Watched(SqliteStore):
        def _connect(self):
            with contextlib.suppress(threading.BrokenBarrierError):
                met.append(meeting.wait(0.5))
            return super()._connect()

    journal = Journal(Watched(tmp_path / "new.db"), on_event=print, on_commit=print)
    with contextlib.closing(journal), ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: journal.last_seq(), range(4))) == [0] * 4
    assert met == []
