"""A request on its way in, until it has arrived whole.

A thread that reads from a slow sender serves nobody else, and eight slow senders would take all eight
threads. So requests are gathered without a thread until they are whole. What is read of HTTP here only
decides when that is; gunicorn parses, and refuses, the request.
"""

import re
import socket
import time
from enum import Enum, auto

from webhook.payload import MAX_BODY_BYTES

ARRIVAL_SECONDS = 10.0
MAX_HEAD_BYTES = 32 * 1024
MAX_CHUNKED_BYTES = 2 * MAX_BODY_BYTES
READ_BYTES = 256 * 1024

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked", re.IGNORECASE)
_EXPECT = re.compile(rb"\r\nexpect:[ \t]*100-continue", re.IGNORECASE)


class Progress(Enum):
    """How far a request has come."""

    PARTIAL = auto()
    WHOLE = auto()
    TOO_LARGE = auto()
    CLOSED = auto()


class Arrival:
    """The bytes of one request so far."""

    def __init__(self, data: bytes = b"") -> None:
        """Begin with bytes that came behind the previous request."""
        self.data = bytearray(data)
        # Of the monotonic clock.
        self.deadline = time.monotonic() + ARRIVAL_SECONDS
        self._head_size = 0
        self._whole_size: int | None = None
        self._chunk_at = 0
        self._chunked_size = 0

    @property
    def is_post(self) -> bool:
        """Whether the request's method is POST."""
        return self.data.startswith(b"POST ")

    def receive(self, client: socket.socket) -> Progress:
        """Read what has come, without waiting."""
        while (progress := self._progress(client)) is Progress.PARTIAL:
            try:
                piece = client.recv(READ_BYTES, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return Progress.PARTIAL
            except OSError:
                return Progress.CLOSED
            if not piece:
                return Progress.CLOSED
            self.data += piece
        return progress

    def _progress(self, client: socket.socket) -> Progress:
        if not self._head_size:
            end = self.data.find(b"\r\n\r\n")
            if end < 0:
                return Progress.TOO_LARGE if len(self.data) > MAX_HEAD_BYTES else Progress.PARTIAL
            self._head_size = end + 4
            self._read_head(client)
        if self._whole_size is None:
            return self._chunks()
        return Progress.WHOLE if len(self.data) >= self._whole_size else Progress.PARTIAL

    def _read_head(self, client: socket.socket) -> None:
        """Learn from the head how long the request will be."""
        head = bytes(self.data[: self._head_size])
        length = _LENGTH.search(head)
        body = int(length[1]) if length else 0
        # A body that is too long is refused without being read, so its head is all that is needed.
        self._whole_size = self._head_size + (body if body <= MAX_BODY_BYTES else 0)
        if _CHUNKED.search(head):
            self._whole_size = None
            self._chunk_at = self._head_size
        if _EXPECT.search(head) and self._whole_size != self._head_size:
            client.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _chunks(self) -> Progress:
        """Walk over the chunks that are there (RFC 9112, section 7.1)."""
        while (end := self.data.find(b"\r\n", self._chunk_at)) >= 0:
            try:
                size = int(self.data[self._chunk_at : end].split(b";")[0], 16)
            except ValueError:
                return Progress.WHOLE
            if size == 0:
                if self.data.find(b"\r\n\r\n", end) >= 0:
                    return Progress.WHOLE
                break
            if end + 2 + size + 2 > len(self.data):
                break
            self._chunk_at = end + 2 + size + 2
            self._chunked_size += size
        if self._chunked_size > MAX_BODY_BYTES:
            return Progress.WHOLE
        return Progress.TOO_LARGE if len(self.data) > MAX_CHUNKED_BYTES else Progress.PARTIAL
