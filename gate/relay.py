"""Connections to ports of this pod, passed through byte by byte; what is in them is not read.

It listens on 127.0.0.1 alone: a port-forward comes from within the pod, and nobody else can reach it.
"""

import asyncio
from asyncio import StreamReader, StreamWriter, Task, Timeout
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import structlog

HERE = "127.0.0.1"
MAX_CONNECTIONS = 64
CONNECT_SECONDS = 5.0
IDLE_SECONDS = 120.0
"""Without a byte in either direction; longer than the servers behind keep an idle connection."""
GRACE_SECONDS = 20.0
"""For open connections to end after the gate is told to stop."""
PULSE_SECONDS = 5.0
PIECE_BYTES = 64 * 1024

type Door = Callable[[StreamReader, StreamWriter], Coroutine[Any, Any, None]]

log = structlog.get_logger()


@dataclass
class Route:
    """A port here and where it leads."""

    port: int
    host: str
    host_port: int
    is_reached: bool = field(default=True, init=False)

    def note(self, trouble: str | None) -> None:
        """Log that the other end is away, or back: once, however many connections meet it."""
        if (trouble is None) == self.is_reached:
            return
        self.is_reached = trouble is None
        if trouble is None:
            log.info("reached_again", host=self.host, port=self.host_port)
        else:
            log.warning("unreachable", host=self.host, port=self.host_port, trouble=trouble)


class Gate:
    """Serves its routes until it is told to stop."""

    def __init__(self, routes: Iterable[Route], pulse: Path | None = None) -> None:
        self._routes, self._pulse = list(routes), pulse
        self._open: set[Task[Any]] = set()
        self._is_full = False

    async def serve(self, stop: asyncio.Event) -> None:
        """Serve until `stop` is set, then give open connections their grace time.

        Raises:
            OSError: a port cannot be listened on.

        """
        servers = [await asyncio.start_server(self._door(route), HERE, route.port) for route in self._routes]
        log.info("listening", ports=[route.port for route in self._routes])
        while not stop.is_set():
            if self._pulse and all(server.is_serving() for server in servers):
                self._pulse.touch()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), PULSE_SECONDS)
        log.info("stopping", connections=len(self._open))
        for server in servers:
            server.close()
        if self._open:
            _, late = await asyncio.wait(self._open, timeout=GRACE_SECONDS)
            for task in late:
                task.cancel()

    def _door(self, route: Route) -> Door:
        async def enter(reader: StreamReader, writer: StreamWriter) -> None:
            if len(self._open) >= MAX_CONNECTIONS:
                if not self._is_full:
                    log.warning("full", limit=MAX_CONNECTIONS)
                self._is_full = True
                writer.close()
                return
            self._is_full = False
            with self._noted(), suppress(asyncio.CancelledError):  # cancelled only when its grace is over
                await _lead(route, reader, writer)
            writer.transport.abort()

        return enter

    @contextmanager
    def _noted(self) -> Iterator[None]:
        task = cast("Task[Any]", asyncio.current_task())
        self._open.add(task)
        try:
            yield
        finally:
            self._open.discard(task)


async def _lead(route: Route, reader: StreamReader, writer: StreamWriter) -> None:
    """Connect with the route's end and pass on what comes, until both sides are done or one has gone."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            far_reader, far_writer = await asyncio.open_connection(route.host, route.host_port)
    except OSError as error:
        route.note(error.strerror or type(error).__name__)
        return
    route.note(None)
    try:
        async with asyncio.timeout(IDLE_SECONDS) as patience:
            async with asyncio.TaskGroup() as both:
                both.create_task(_pass(reader, far_writer, patience))
                both.create_task(_pass(far_reader, writer, patience))
            for each in (writer, far_writer):
                each.close()
                await each.wait_closed()
    except* OSError:
        pass  # a reset, or nothing has moved for too long: both ends are cut off
    finally:
        far_writer.transport.abort()


async def _pass(reader: StreamReader, writer: StreamWriter, patience: Timeout) -> None:
    """Pass on one direction to its end; each piece that moved gives the connection time again."""
    while piece := await reader.read(PIECE_BYTES):
        writer.write(piece)
        await writer.drain()
        patience.reschedule(asyncio.get_running_loop().time() + IDLE_SECONDS)
    writer.write_eof()
