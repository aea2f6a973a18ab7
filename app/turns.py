"""Turns to write to SQLite: one writer at a time in order of arrival, whatever its thread or process.

Whoever waits for SQLite's own lock only looks now and then whether it is free, so a busy writer starves the
others. Here each writer locks one byte of a file beside the database, the one that its time of arrival names,
and its turn has come when no byte before it is locked. Turns only keep order: SQLite's lock, which is taken
as well, keeps writers apart. See docs/decisions/0004-turns-on-sqlite.md.
"""

import fcntl
import os
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

log = structlog.get_logger()

SUFFIX: Final = "-turns"
LOOK_EVERY_S: Final = 0.001
IS_KNOWN: Final = sys.platform == "linux"
"""Other systems have no locks of an open file, or describe them in another form."""


class Overdue(Exception):
    """Others wrote for as long as this writer could wait."""


@contextmanager
def turn(database: Path, patience_s: float) -> Iterator[None]:
    """Run the block in turn with all other writers of this database file.

    The kernel ends the turn of a process that dies. Where no turn can be taken (the folder is full or may not
    be written, the system is not Linux), the block runs without one: SQLite then says what is wrong, or keeps
    writers apart unfairly.

    Raises:
        Overdue: it was not this writer's turn within ``patience_s`` seconds.

    """
    file = _open(database) if IS_KNOWN else None
    if file is None:
        yield
        return
    try:
        ends = time.monotonic() + patience_s
        arrived = _arrive(file, ends)
        _until(lambda: _lock(file, 0, arrived), ends)
        yield
    finally:
        os.close(file)


def _open(database: Path) -> int | None:
    try:
        return _open_or_make(database)
    except OSError as error:
        log.warning("writing_out_of_turn", file=database.name + SUFFIX, reason=error.strerror)
        return None


def _open_or_make(database: Path) -> int:
    """Open the file of turns; a new one belongs to whom the database belongs, as SQLite's own files do."""
    path = database.with_name(database.name + SUFFIX)
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        owner = database.stat()
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, owner.st_mode & 0o666)
        if os.geteuid() == 0:
            os.fchown(file, owner.st_uid, owner.st_gid)
        return file


def _arrive(file: int, ends: float) -> int:
    """Lock the byte of this moment; whoever has the turn has locked all bytes up to its own."""
    arrived = 0

    def arrive() -> bool:
        nonlocal arrived
        arrived = time.monotonic_ns()
        return _lock(file, arrived, 1)

    _until(arrive, ends)
    return arrived


def _until(succeeds: Callable[[], bool], ends: float) -> None:
    while not succeeds():
        if time.monotonic() >= ends:
            raise Overdue
        time.sleep(LOOK_EVERY_S)


def _lock(file: int, start: int, length: int) -> bool:
    """Lock bytes for this open file (not for the process, whose threads take turns too) if they are free."""
    wanted = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, start, length, 0)
    try:
        fcntl.fcntl(file, fcntl.F_OFD_SETLK, wanted)
    except (BlockingIOError, PermissionError):
        return False
    return True
