"""One request and its answer."""

import asyncio
import time
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from tornado.http1connection import HTTP1Connection
from tornado.httputil import (
    HTTPHeaders,
    HTTPInputError,
    HTTPMessageDelegate,
    HTTPServerRequest,
    RequestStartLine,
    ResponseStartLine,
    format_timestamp,
)

from serving.call import Call
from serving.environ import environ_of
from serving.limits import ANSWER_SECONDS, MAX_REFUSED_BYTES

if TYPE_CHECKING:
    from serving.connections import Connections

SERVER = "OIMS"
_BODILESS = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}
_MOST_DIGITS = 18


class Exchange(HTTPMessageDelegate):
    """Gathers a request as Tornado reads it, has it served once it is whole, and sends the answer.

    All of it runs in the event loop. A body over the limit is handed over as far as it has come, so that the
    application refuses it in its own words; what the client still sends is then read and dropped.
    """

    def __init__(self, connections: "Connections", connection: HTTP1Connection) -> None:
        self.is_waiting = True
        self._connections = connections
        self._connection = connection
        self._request: HTTPServerRequest | None = None
        self._body = bytearray()
        self._dropped_bytes = 0
        self._is_whole = False
        self._is_answered = False
        self._call: Call | None = None
        self._refusal: asyncio.Future[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def is_served(self) -> bool:
        """Say whether a thread has taken the request and not answered it; one in the queue still waits."""
        return self._call is not None and self._call.is_begun and not self._is_answered

    @property
    def is_queued(self) -> bool:
        """Say whether the request is whole and waits for a thread."""
        return self._call is not None and not self._call.is_begun

    @property
    def size(self) -> int:
        """The bytes that are kept of the body so far."""
        return len(self._body)

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> "asyncio.Future[None] | None":
        """Look at the head; a body that says it is too long is refused before it is read."""
        line = cast("RequestStartLine", start_line)
        try:
            self._request = HTTPServerRequest(connection=self._connection, start_line=line, headers=headers)
        except HTTPInputError:
            self._refuse(HTTPStatus.BAD_REQUEST, "The Host header is missing or wrong.\n")
            return None
        limits = self._connections.limits
        self._set_deadline(limits.body_seconds, self._give_up)
        if _declared_bytes(headers) <= limits.body_bytes:
            return None
        self._refusal = asyncio.get_running_loop().create_future()
        self._serve()
        return self._refusal

    def data_received(self, chunk: bytes) -> None:
        """Keep a piece of the body, or drop it if the request is refused."""
        if not self.is_waiting:
            self._dropped_bytes += len(chunk)
            if self._dropped_bytes > MAX_REFUSED_BYTES:
                self.close()
            return
        self._body += chunk
        self._connections.count_gathered(len(chunk))
        if len(self._body) > self._connections.limits.body_bytes:
            self._serve()

    def finish(self) -> None:
        """Have the request served: it is whole. A client that sent several and left gets none of the rest."""
        self._is_whole = True
        self._set_deadline(None)
        if self._connection.stream.closed():
            self._drop_body()
        elif self.is_waiting:
            self._serve()
        elif self._is_answered:
            self._connection.finish()

    def on_connection_close(self) -> None:
        """Forget a request that won't become whole."""
        self._set_deadline(None)
        self._drop_body()

    def close(self) -> None:
        """End the connection at once."""
        self.leave()
        self._connection.close()

    def leave(self) -> None:
        """Have nothing done for a connection that is gone."""
        if self._call is not None:
            self._call.drop()

    def answer(self, call: Call) -> None:
        """Send the application's answer; what is refused is read to its end first."""
        self._send(call.status, call.headers, call.body)
        expects = self._request is not None and "Expect" in self._request.headers
        if self._is_whole or expects:
            self._connection.finish()
        else:
            self._set_deadline(self._connections.limits.body_seconds, self.close)
        if self._refusal is not None:
            self._refusal.set_result(None)

    def _serve(self) -> None:
        assert self._request is not None  # noqa: S101 - the head comes first
        self.is_waiting = False
        self._set_deadline(None)
        environ = environ_of(self._request, bytes(self._body), server=self._connections.address)
        self._drop_body()
        self._call = self._connections.serve(self, environ)

    def _give_up(self) -> None:
        self._connections.on_slow()
        self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The request took too long to arrive.\n")

    def _refuse(self, status: HTTPStatus, sentence: str) -> None:
        """Answer what the application never sees, and end the connection."""
        self.is_waiting = False
        self._drop_body()
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")]
        self._send((status.value, status.phrase), headers, sentence.encode())
        self._connection.finish()

    def _send(self, status: tuple[int, str], headers: list[tuple[str, str]], body: bytes) -> None:
        self._is_answered = True
        fields = HTTPHeaders({"Server": SERVER, "Date": _date(int(time.time()))})
        for name, value in headers:
            fields.add(name, value)
        if status[0] in _BODILESS or (self._request is not None and self._request.method == "HEAD"):
            body = b""
        else:
            fields["Content-Length"] = str(len(body))
        if self._connections.is_stopping:
            fields["Connection"] = "close"
        sent = self._connection.write_headers(ResponseStartLine("HTTP/1.1", *status), fields, body)
        if not sent.done():
            late = asyncio.get_running_loop().call_later(ANSWER_SECONDS, self.close)
            sent.add_done_callback(lambda _: late.cancel())
        if fields.get("Connection", "").lower() == "close":
            sent.add_done_callback(lambda _: self.close() if self._is_whole else None)

    def _set_deadline(self, seconds: float | None, end: "object" = None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None
        if seconds is not None and callable(end):
            self._deadline = asyncio.get_running_loop().call_later(seconds, end)

    def _drop_body(self) -> None:
        self._connections.count_gathered(-len(self._body))
        self._body = bytearray()


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    """Write a time as HTTP does; to write it anew for each answer of a second is a tenth of the work."""
    return format_timestamp(second)


def _declared_bytes(headers: HTTPHeaders) -> int:
    """Return the length a body is said to have; 0 for what Tornado refuses right after.

    That is what is no number, or one of more digits than any length has: no second answer may follow ours.
    """
    text = headers.get("Content-Length", "0")
    is_length = text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if is_length else 0
