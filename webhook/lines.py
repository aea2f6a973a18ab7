"""What the webhook prints on stdout: one JSON object per line, in pure ASCII, and nothing else.

Lines are hints for whoever follows the log; the journal is the record. So a thread of its own makes and
writes them: a reader that has stopped reading delays lines, and in the end loses some, but never delays an
answer.
"""

import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable

MAX_WAITING = 20_000
# Long enough to write the lines of several requests at once, too short for anybody to notice.
LINGER_SECONDS = 0.01

_encoder = json.JSONEncoder(separators=(",", ":"))


def to_line(**fields: object) -> str:
    """Write one JSON object, without the newline."""
    return to_json(fields)


def to_json(value: object) -> str:
    """Write a value as lines hold it."""
    return _encoder.encode(value).replace("\x7f", "\\u007f")


class LineWriter:
    """Writes lines to a file descriptor in the order they are given."""

    def __init__(self, descriptor: int, on_lost: Callable[[int], None]) -> None:
        """Take the file descriptor, and a listener for the number of lines that could not be written."""
        self._descriptor = descriptor
        self._on_lost = on_lost
        self._makers: deque[Callable[[], str]] = deque()
        self._is_waiting = threading.Event()
        self._is_closing = False
        self._thread = threading.Thread(target=self._loop, name="lines", daemon=True)
        self._thread.start()

    def write(self, maker: Callable[[], str]) -> None:
        """Have the line written that ``maker`` will make; it is lost if the reader is too far behind."""
        if len(self._makers) >= MAX_WAITING:
            self._on_lost(1)
            return
        self._makers.append(maker)
        if not self._is_waiting.is_set():
            self._is_waiting.set()

    def close(self, timeout: float = 2.0) -> None:
        """Write what waits, for at most ``timeout`` seconds."""
        self._is_closing = True
        self._is_waiting.set()
        self._thread.join(timeout)

    def _loop(self) -> None:
        while not (self._is_closing and not self._makers):
            self._is_waiting.wait()
            time.sleep(LINGER_SECONDS)
            self._is_waiting.clear()
            self._put([self._makers.popleft()() for _ in range(len(self._makers))])

    def _put(self, lines: list[str]) -> None:
        data = "".join(f"{line}\n" for line in lines).encode("ascii")
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            self._on_lost(len(lines))
