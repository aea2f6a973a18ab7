"""What the demo says: one line per thing that happened, time first, then the seconds since the fault."""

import os
import re
import sys
import textwrap
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

COLOURS = {"good": 32, "bad": 31, "robot": 35, "quiet": 90}
INDENT = 23
WIDTH = 120
_NOT_PRINTABLE = re.compile(r"[^\x20-\x7e\u00a0-\uffff\n]")


class Terminal:
    """Writes lines; in colour only to a terminal and never when ``NO_COLOR`` is set."""

    def __init__(self, stream: TextIO = sys.stdout) -> None:
        self._stream = stream
        self._is_coloured = stream.isatty() and not os.environ.get("NO_COLOR")
        self._started: float | None = None

    def start_clock(self) -> None:
        """From now on each line shows the seconds since this moment."""
        self._started = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the clock was started."""
        return 0.0 if self._started is None else time.monotonic() - self._started

    def say(self, text: str, colour: str = "") -> None:
        """Write one thing that happened. Words of other programs in it lose their control characters."""
        since = "" if self._started is None else f"{self.elapsed:6.1f} s"
        self._write(f"{datetime.now(UTC):%H:%M:%SZ}  {since:>9}  ", text, colour)

    def block(self, title: str, rows: Iterable[tuple[str, str]]) -> None:
        """Write a heading and rows of a name and a value."""
        rows = list(rows)
        width = max(len(name) for name, _ in rows)
        self._print(f"\n{title}\n")
        for name, value in rows:
            self._print(f"  {name:<{width}}  {_clean(value)}\n")

    def _write(self, prefix: str, text: str, colour: str) -> None:
        lines = [
            piece
            for line in _clean(text).split("\n")
            for piece in textwrap.wrap(line, WIDTH - INDENT, break_long_words=False, break_on_hyphens=False)
        ]
        body = f"\n{' ' * INDENT}".join(lines)
        if self._is_coloured and colour:
            body = f"\x1b[{COLOURS[colour]}m{body}\x1b[0m"
        self._print(f"{prefix}{body}\n")

    def _print(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _clean(text: str) -> str:
    return _NOT_PRINTABLE.sub("?", text)
