"""Passes the lines of one log on to automation, in blocks; started by the monitor, once for each stream.

Usage: python -m automation.follow.relay PIPE SILENCE_SECONDS MONITOR_PID

It reads PIPE and writes the lines that are for automation to descriptor 8, without the time that kubectl
puts before them. Streams take turns by a lock on descriptor 7, since a pipe mixes what is longer than 4 KiB.
At the end it prints how many lines it passed on, and the time that the last one had. Exit status: 0 the
stream ended, or the monitor did; 3 it was silent for too long.
"""

import fcntl
import os
import re
import select
import sys
import time
from collections.abc import Iterator

from contract import limits

TURN, LINES = 7, 8
BLOCK = 64 * 1024
LOOK_SECONDS = 1.0
"""How often to look whether the monitor lives."""
SILENT = 3
_WANTED = re.compile(rb'"kind": ?"(?:alert|heartbeat)"')
_TIME = re.compile(rb"([0-9]{4}-[0-9T:.-]{1,30}Z) ")


class Lines:
    """Cuts blocks of bytes into the lines that are for automation; keeps at most one unfinished line."""

    def __init__(self) -> None:
        self.count = 0
        self.last_time = b""
        """The time that kubectl put before the last line; empty: it put none."""
        self._begun: list[bytes] = []
        """The line that has not ended yet, in parts: to join them each time would take quadratic time."""
        self._length = 0

    def cut(self, block: bytes) -> bytes:
        """Return the finished lines of a block that are wanted; longer ones than automation reads are not."""
        first, *others = block.split(b"\n")
        self._add(first)
        if not others:
            return b""
        *whole, begun = others
        lines = [b"".join(self._begun), *whole]
        self._begun, self._length = [], 0
        self._add(begun)
        return b"".join(self._wanted(lines))

    def _add(self, part: bytes) -> None:
        self._length += len(part)
        if self._length <= limits.LOG_LINE_BYTES:
            self._begun.append(part)
        else:
            self._begun.clear()  # and stays empty until the line ends

    def _wanted(self, lines: list[bytes]) -> Iterator[bytes]:
        for line in lines:
            if not _WANTED.search(line):
                continue
            self.count += 1
            timed = _TIME.match(line)
            if timed:
                self.last_time = timed[1]
            yield (line[timed.end() :] if timed else line) + b"\n"


def relay(pipe: int, silence: float, monitor: int, lines: Lines) -> int:
    """Pass lines on until the stream ends, is silent, or the monitor is gone; return the exit status."""
    readable = select.poll()
    readable.register(pipe, select.POLLIN)
    heard_at = time.monotonic()
    while _lives(monitor):
        if not readable.poll(LOOK_SECONDS * 1000):
            if time.monotonic() - heard_at >= silence:
                return SILENT
            continue
        block = os.read(pipe, BLOCK)
        if not block:
            return 0
        if wanted := lines.cut(block):
            heard_at = time.monotonic()
            _write(wanted)
    return 0


def _write(block: bytes) -> None:
    fcntl.flock(TURN, fcntl.LOCK_EX)
    try:
        while block:
            block = block[os.write(LINES, block) :]
    finally:
        fcntl.flock(TURN, fcntl.LOCK_UN)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True


def main(path: str, silence: str, monitor: str) -> int:
    """Open the pipe without waiting for its writer, which may be gone already, and relay it."""
    lines = Lines()
    pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    status = relay(pipe, float(silence), int(monitor), lines)
    sys.stdout.write(f"{lines.count} {lines.last_time.decode()}\n")
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
