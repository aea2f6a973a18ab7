"""The connections of one listener: how many there are, who waits longest, who is being served."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from tornado.httputil import HTTPConnection, HTTPServerConnectionDelegate

from serving.call import Call, Crew
from serving.exchange import Exchange
from serving.limits import MAX_CONNECTIONS, MAX_GATHERED_BYTES, Limits

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from tornado.http1connection import HTTP1Connection


class Connections(HTTPServerConnectionDelegate):
    """Gives each request an exchange; when there is no room, the client that has waited longest has to go."""

    def __init__(
        self, crew: Crew, limits: Limits, address: tuple[str, int], on_slow: Callable[[], None]
    ) -> None:
        """Take the listener's address, and a listener for requests that took too long to arrive."""
        self.limits = limits
        self.address = address
        self.on_slow = on_slow
        self.is_stopping = False
        self._crew = crew
        self._exchanges: dict[object, Exchange] = {}
        self._served = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._gathered_bytes = 0
        self._ended: deque[tuple[Exchange, Call]] = deque()
        self._is_roused = False

    async def served(self) -> None:
        """Return when no request is being served."""
        await self._idle.wait()

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> Exchange:
        """Begin the connection's next exchange."""
        exchange = Exchange(self, cast("HTTP1Connection", request_conn))
        self.on_close(server_conn)  # Tornado begins another exchange on a closed one, too
        self._exchanges[server_conn] = exchange
        if len(self._exchanges) > MAX_CONNECTIONS:
            self._dismiss(lambda other: other is not exchange)
        return exchange

    def on_close(self, server_conn: object) -> None:
        """Forget a connection's exchange, whatever it was at."""
        exchange = self._exchanges.pop(server_conn, None)
        if exchange is not None:
            exchange.leave()

    def count_gathered(self, size: int) -> None:
        """Count bytes of bodies that are kept, or with a negative size no longer."""
        self._gathered_bytes += size
        if self._gathered_bytes > MAX_GATHERED_BYTES:
            self._dismiss(lambda exchange: exchange.size > 0)

    def serve(self, exchange: Exchange, environ: "WSGIEnvironment") -> Call:
        """Have the application called in a thread; the exchange gets its answer in the event loop."""
        loop = asyncio.get_running_loop()
        self._served += 1
        self._idle.clear()

        def end(call: Call) -> None:
            self._ended.append((exchange, call))
            if not self._is_roused:
                self._is_roused = True
                with suppress(RuntimeError):  # the loop is closed: it has waited long enough
                    loop.call_soon_threadsafe(self._attend_to_ended)

        call = Call(environ, end)
        self._crew.take(call)
        return call

    def _attend_to_ended(self) -> None:
        """Have the calls answered that have ended: rousing the loop for each of them would cost more."""
        self._is_roused = False  # first, or a call that ends meanwhile would wait for the next one
        while self._ended:
            asyncio.get_running_loop().call_soon(self._answer, *self._ended.popleft())

    def _answer(self, exchange: Exchange, call: Call) -> None:
        self._served -= 1
        exchange.answer(call)
        if not self._served:
            self._idle.set()

    def _dismiss(self, is_meant: Callable[[Exchange], bool]) -> None:
        """Close the connection that has waited longest; one with a whole request only if no other can go."""
        able = [item for item in self._exchanges.items() if is_meant(item[1]) and not item[1].is_served]
        found = next((item for item in able if not item[1].is_queued), next(iter(able), None))
        if found is not None:
            del self._exchanges[found[0]]
            found[1].close()
