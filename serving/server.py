"""The server process: its listeners from start to stop."""

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
import uvloop
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from contract import binds
from serving.call import Crew
from serving.certificate import Certificate
from serving.connections import Connections
from serving.limits import IDLE_SECONDS, MAX_HEAD_BYTES, Limits

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5
BACKLOG = 512
ANY_SIZE = 2**62
"""For Tornado, which would refuse a long body without the application's words."""


class BindError(Exception):
    """An address can't be listened on; the message names the setting and what to do."""


@dataclass(frozen=True, slots=True)
class Listener:
    """An address and what answers there; ``setting`` names the variable the address comes from."""

    setting: str
    bind: str
    application: "WSGIApplication"
    threads: int
    limits: Limits = field(default_factory=Limits)
    has_rounds: bool = False
    on_slow: Callable[[], None] = lambda: None


def serve(
    listeners: Sequence[Listener],
    *,
    certificate: Certificate | None,
    on_stop: Callable[[], None],
    grace_seconds: float,
) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is being served, for at most ``grace_seconds``.

    ``on_stop`` is called first and sends away who waits for news.

    Raises:
        BindError: an address is taken or not ours.

    """
    # What Tornado says below that are words of strangers, one line for each of their requests.
    logging.getLogger("tornado.general").setLevel(logging.ERROR)
    uvloop.run(_Server(listeners, certificate).run(on_stop, grace_seconds))


class _HttpServer(HTTPServer):
    """Tornado's server, which tells nobody else that a connection has ended."""

    connections: Connections

    def on_close(self, server_conn: object) -> None:
        super().on_close(server_conn)
        self.connections.on_close(server_conn)


class _Server:
    """All listeners of a process."""

    def __init__(self, listeners: Sequence[Listener], certificate: Certificate | None) -> None:
        self._sockets = [(listener, _bound(listener)) for listener in listeners]
        self._certificate = certificate
        self._crews: list[Crew] = []
        self._connections: list[Connections] = []
        self._servers: list[_HttpServer] = []

    async def run(self, on_stop: Callable[[], None], grace_seconds: float) -> None:
        """Serve until told to stop."""
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        for listener, sockets in self._sockets:
            self._open(listener, sockets)
        log.info("serving", binds=[listener.bind for listener, _ in self._sockets])
        while not stop.is_set():
            await _patiently(stop)
            for crew in self._crews:
                crew.relieve()
            if self._certificate is not None:
                self._certificate.renew()
        log.info("stopping")
        await self._close(on_stop, grace_seconds)

    def _open(self, listener: Listener, sockets: list[socket.socket]) -> None:
        crew = Crew(listener.application, listener.threads, has_rounds=listener.has_rounds)
        connections = Connections(crew, listener.limits, binds.split(listener.bind), listener.on_slow)
        server = _HttpServer(
            connections,
            ssl_options=self._certificate.context if self._certificate else None,
            max_header_size=MAX_HEAD_BYTES,
            max_body_size=ANY_SIZE,
            idle_connection_timeout=IDLE_SECONDS,
        )
        server.connections = connections
        server.add_sockets(sockets)
        self._crews.append(crew)
        self._connections.append(connections)
        self._servers.append(server)

    async def _close(self, on_stop: Callable[[], None], grace_seconds: float) -> None:
        for server, connections in zip(self._servers, self._connections, strict=True):
            server.stop()
            connections.is_stopping = True
        on_stop()
        end = time.monotonic() + grace_seconds
        # Once more at least: a request may be on its way on a connection that was kept.
        await asyncio.sleep(LOOK_SECONDS)
        left = end - time.monotonic()
        await asyncio.wait([asyncio.ensure_future(one.served()) for one in self._connections], timeout=left)
        for server in self._servers:
            await server.close_all_connections()


def _bound(listener: Listener) -> list[socket.socket]:
    host, port = binds.split(listener.bind)
    try:
        if host != binds.ALL:
            return bind_sockets(port, host, backlog=BACKLOG)
        # A socket of each family, whatever the system makes of IPv4 on a socket of IPv6.
        only = socket.AF_UNSPEC if binds.has_ipv6() else socket.AF_INET
        return bind_sockets(port, None, family=only, backlog=BACKLOG)
    except OSError as error:
        reason = error.strerror or "not an address of this host"
        raise BindError(f"{listener.setting}: can't listen on {listener.bind}: {reason}") from None


async def _patiently(stop: asyncio.Event) -> None:
    """Wait a moment, or until told to stop."""
    try:
        await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
    except TimeoutError:
        return
