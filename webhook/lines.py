"""What the webhook prints on stdout: one JSON object per line, in pure ASCII, and nothing else.

Lines are hints for whoever follows the log; the journal is the record. So they are written by a thread of their own: a
reader that has stopped reading delays lines, and in the end loses some, but never delays an answer.
"""

import json
import os
import queue
import threading
from collections.abc import Callable, Iterable

MAX_WAITING = 10_000
MAX_WRITE = 64 * 1024


def to_line(**fields: object) -> str:
    """One JSON object, without the newline."""
    return json.dumps(fields, separators=(",", ":")).replace("\x7f", "\\u007f")


class LineWriter:
    """Writes lines to a file descriptor in the order they are given."""

    def __init__(self, descriptor: int, on_lost: Callable[[int], None]) -> None:
        """``on_lost`` gets the number of lines that could not be written."""
        self._descriptor = descriptor
        self._on_lost = on_lost
        self._lines: queue.Queue[str | None] = queue.Queue(MAX_WAITING)
        self._thread = threading.Thread(target=self._loop, name="lines", daemon=True)
        self._thread.start()

    def write(self, lines: Iterable[str]) -> None:
        """Queue some lines; count them as lost if the reader is that far behind."""
        text = "".join(f"{line}\n" for line in lines)
        try:
            self._lines.put_nowait(text)
        except queue.Full:
            self._on_lost(text.count("\n"))

    def close(self, timeout: float = 2.0) -> None:
        """Write what waits, for at most ``timeout`` seconds."""
        try:
            self._lines.put(None, timeout=timeout)
        except queue.Full:
            return
        self._thread.join(timeout)

    def _loop(self) -> None:
        while (text := self._lines.get()) is not None:
            data = text.encode("ascii")
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
            except OSError:
                self._on_lost(text.count("\n"))
