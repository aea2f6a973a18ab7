"""Turns to write to SQLite: in order of arrival, over threads and processes, whoever dies or gives up."""

import multiprocessing
import os
import stat
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread

import pytest

from app.turns import SUFFIX, Overdue, turn
from tests.waiting import until

PATIENCE_S = 30.0
SOON_S = 0.05
"""Long enough for a writer to arrive; one that comes late would only make the test prove less."""


class Process:
    """A process that takes a turn when told to, tells that it has it, and ends it when told to."""

    def __init__(self, database: Path) -> None:
        self.pipe, theirs = multiprocessing.Pipe()
        self.child = multiprocessing.get_context("fork").Process(target=_obey, args=(theirs, database))
        self.child.start()

    def arrive(self) -> None:
        self.pipe.send("arrive")

    def has_turn(self) -> bool:
        return self.pipe.poll()

    def finish(self) -> None:
        self.pipe.send("finish")

    def kill(self) -> None:
        self.child.kill()
        self.child.join()


def _obey(pipe: Connection, database: Path) -> None:
    pipe.recv()
    with turn(database, PATIENCE_S):
        pipe.send("mine")
        pipe.recv()
    os._exit(0)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "site.db"
    path.touch(0o640)
    return path


@pytest.fixture
def start(database: Path) -> Iterator[Callable[[], Process]]:
    """Start processes; all before the test takes a turn itself, which a fork would share."""
    started: list[Process] = []

    def one() -> Process:
        started.append(Process(database))
        return started[-1]

    yield one
    for process in started:
        process.kill()


def test_threads_and_processes_write_in_the_order_in_which_they_came(
    database: Path, start: Callable[[], Process]
) -> None:
    first, last = start(), start()
    order: list[str] = []

    def write(name: str) -> None:
        with turn(database, PATIENCE_S):
            order.append(name)

    threads = [Thread(target=write, args=(name,)) for name in ("before", "between", "after")]
    with turn(database, PATIENCE_S):
        for arrive in (threads[0].start, first.arrive, threads[1].start, last.arrive, threads[2].start):
            arrive()
            time.sleep(SOON_S)
        assert order == []
        assert not first.has_turn()
    until(first.has_turn)
    assert order == ["before"]
    first.finish()
    until(last.has_turn)
    assert order == ["before", "between"]
    last.finish()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert order == ["before", "between", "after"]


def test_who_writes_without_a_pause_lets_others_in_after_each_turn(database: Path) -> None:
    turns: list[str] = []

    def write(name: str, count: int) -> None:
        for _ in range(count):
            with turn(database, PATIENCE_S):
                turns.append(name)
                time.sleep(0.005)

    greedy, patient = Thread(target=write, args=("greedy", 60)), Thread(target=write, args=("patient", 10))
    greedy.start()
    until(lambda: turns)
    patient.start()
    for thread in (greedy, patient):
        thread.join(PATIENCE_S)
    between = turns[turns.index("patient") : len(turns) - turns[::-1].index("patient")]
    assert between.count("greedy") <= 2 * between.count("patient")


def test_a_killed_process_ends_its_turn_and_its_place_in_the_queue(
    database: Path, start: Callable[[], Process]
) -> None:
    writing, waiting = start(), start()
    writing.arrive()
    until(writing.has_turn)
    waiting.arrive()
    time.sleep(SOON_S)
    writing.kill()
    waiting.kill()
    with turn(database, PATIENCE_S):
        pass


def test_who_waits_too_long_gives_up_and_holds_nobody_up(
    database: Path, start: Callable[[], Process]
) -> None:
    writing, waiting = start(), start()
    writing.arrive()
    until(writing.has_turn)
    with pytest.raises(Overdue), turn(database, SOON_S):
        pytest.fail("it was not our turn")
    waiting.arrive()
    writing.finish()
    until(waiting.has_turn)


def test_the_file_of_turns_is_open_to_whom_the_database_is(database: Path) -> None:
    if os.geteuid() == 0:
        os.chown(database, 1234, 1234)
    with turn(database, PATIENCE_S):
        pass
    made, given = database.with_name(database.name + SUFFIX).stat(), database.stat()
    assert (made.st_uid, made.st_gid) == (given.st_uid, given.st_gid)
    assert stat.S_IMODE(made.st_mode) & ~stat.S_IMODE(given.st_mode) == 0


def test_without_a_file_of_turns_writers_go_on(tmp_path: Path) -> None:
    with turn(tmp_path / "missing" / "site.db", PATIENCE_S):
        pass
