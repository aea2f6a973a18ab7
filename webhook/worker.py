"""gunicorn's threaded worker, made safe against slow clients and quick to stop."""

import logging
import select
import selectors
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, nullcontext, suppress
from functools import partial
from types import FrameType
from typing import Any

from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.http import wsgi
from gunicorn.http.message import Request
from gunicorn.workers.gthread import TConn, ThreadWorker

from webhook.answer import Answer
from webhook.arrival import Arrival, Progress

ARRIVAL_SECONDS = 10.0
CLOSING_THREADS = 2
# How long a thread that nobody waits for looks out for its client's next request.
LINGER_MILLISECONDS = 1

_REFUSALS = {
    Progress.PARTIAL: (b"408 Request Timeout", "slow"),
    Progress.TOO_LARGE: (b"431 Request Header Fields Too Large", "head_too_large"),
}


class Logger(GunicornLogger):  # type: ignore[misc]
    """gunicorn's messages go where the program's go."""

    def setup(self, cfg: Any) -> None:
        """Use the root logger's handler."""
        self.cfg = cfg
        self.error_log = logging.getLogger("gunicorn.error")
        self.error_log.propagate = True
        self.access_log = logging.getLogger("gunicorn.access")

    def access(self, *_arguments: object) -> None:
        """Leave access lines to the application."""

    def reopen_files(self) -> None:
        """Do nothing: there are no files."""


class WholeRequestWorker(ThreadWorker):  # type: ignore[misc]
    """Gives a thread only requests that have arrived whole; its main loop never waits for one client."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._arrivals: dict[TConn, Arrival] = {}
        self._whole: deque[TConn] = deque()

    def init_process(self) -> None:
        """Start the threads that say goodbye to clients."""
        self._closing = ThreadPoolExecutor(CLOSING_THREADS, "closing")
        super().init_process()

    def accept(self, listener: Any) -> None:
        """Take a connection; when there are too many, the one that has waited longest has to go."""
        super().accept(listener)
        if self.nr_conns >= self.worker_connections:
            for waiting in (self.pending_conns, self.keepalived_conns):
                if waiting:
                    self._dismiss(waiting[0])
                    return

    def enqueue_req(self, conn: TConn) -> None:
        """Read what has come of a request, in the main loop, and hand it to a thread once it is whole."""
        arrival = self._arrivals.get(conn)
        if arrival is None:
            left = conn.parser.unreader.take_buffered() if conn.parser else b""
            arrival = self._arrivals[conn] = Arrival(left, time.monotonic() + ARRIVAL_SECONDS)
        progress = arrival.receive(conn.sock)
        if progress is Progress.WHOLE:
            del self._arrivals[conn]
            conn.init()
            conn.parser.unreader.unread(bytes(arrival.data))
            self._whole.append(conn)
            self.tpool.submit(self._serve)
        elif progress is Progress.PARTIAL:
            conn.timeout = arrival.deadline
            self.pending_conns.append(conn)
            readable = partial(self.on_pending_socket_readable, conn)
            self.poller.register(conn.sock, selectors.EVENT_READ, readable)
        else:
            self._close(conn, progress)

    def murder_pending(self) -> None:
        """Give up requests that have taken too long to arrive."""
        now = time.monotonic()
        for conn in [conn for conn in self.pending_conns if conn.timeout <= now]:
            self._dismiss(conn)

    def _serve(self) -> None:
        """Handle a request, in a thread, and those that follow it at once on the same connection.

        A busy client's connection stays with its thread, and one that is kept goes back without waking the
        main loop: to hand it over costs as much as to handle a request.
        """
        conn = self._whole.popleft()
        keeps = self.handle(conn)
        while keeps and self.alive and self._has_next(conn):
            keeps = self.handle(conn)
        if keeps and self.alive and not conn.parser.unreader.buf.getvalue():
            self._park(conn)
        else:
            self.method_queue.defer(self._finish, conn, keeps)

    def _has_next(self, conn: TConn) -> bool:
        """Tell whether the next request is here as a whole; what has come of it is left in the unreader."""
        unreader = conn.parser.unreader
        if self._whole or unreader.buf.getvalue():
            return False
        poll = select.poll()
        poll.register(conn.sock, select.POLLIN)
        if not poll.poll(LINGER_MILLISECONDS):
            return False
        arrival = Arrival(b"", time.monotonic() + ARRIVAL_SECONDS)
        progress = arrival.receive(conn.sock)
        unreader.unread(bytes(arrival.data))
        return progress is Progress.WHOLE

    def handle_request(self, req: Request, conn: TConn) -> bool:
        """Answer a request in one piece; whether its connection is kept."""
        answer, environ = wsgi.create(
            req, conn.sock, conn.client, conn.server, self.cfg, response_class=Answer
        )
        environ["wsgi.multithread"] = True
        if not self.alive or len(self.keepalived_conns) >= self.max_keepalived:
            answer.force_close()
        parts = self.wsgi(environ, answer.start_response)
        with closing(parts) if hasattr(parts, "close") else nullcontext():
            for part in parts:
                answer.write(part)
            answer.close()
        return not answer.should_close()

    def _park(self, conn: TConn) -> None:
        """Have the main loop look out for the connection's next request."""
        conn.set_timeout()
        self.keepalived_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_client_socket_readable, conn))

    def _finish(self, conn: TConn, keeps: object) -> None:
        if not keeps:
            goodbye = self._closing.submit(conn.close, graceful=True)
            goodbye.add_done_callback(lambda _: self.method_queue.defer(self._forget))
        elif conn.parser.unreader.buf.getvalue():
            self.enqueue_req(conn)
        else:
            self._park(conn)

    def _keepalive_after(self, conn: TConn, keepalive: Any) -> bool:
        """Tell whether the connection can be used again; the rest of a whole request is here already."""
        return bool(keepalive and conn.parser.finish_body())

    def _cap_keepalive(self, deadline: float) -> None:
        """Close kept connections by ``deadline``; a thread may just be parking one more."""
        for conn in list(self.keepalived_conns):
            conn.timeout = min(conn.timeout, deadline)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """On SIGTERM, also send away the consumers that wait for events."""
        if self.alive:
            self.method_queue.defer(self.wsgi.interrupt)
        super().handle_exit(sig, frame)

    def is_parent_alive(self) -> bool:
        """Tell whether the arbiter lives; if not, make way at once for the next server on this address."""
        if super().is_parent_alive():
            return True
        self.alive = False
        self.set_accept_enabled(False)
        for listener in self.sockets:
            listener.close()
        self.wsgi.interrupt()
        return False

    def run(self) -> None:
        """Serve until told to stop, then let the application finish."""
        super().run()
        self._closing.shutdown(wait=False)
        self.wsgi.close()

    def _dismiss(self, conn: TConn) -> None:
        """End a connection that waits in the poller."""
        self.poller.unregister(conn.sock)
        for waiting in (self.pending_conns, self.keepalived_conns):
            with suppress(ValueError):
                waiting.remove(conn)
        self._close(conn, Progress.PARTIAL)

    def _close(self, conn: TConn, progress: Progress) -> None:
        """Close at once; a request that has begun is told why and counted."""
        arrival = self._arrivals.pop(conn, None)
        if arrival and arrival.data and progress in _REFUSALS:
            status, reason = _REFUSALS[progress]
            self.wsgi.metrics.rejected.labels(reason).inc()
            with suppress(OSError):
                conn.sock.send(b"HTTP/1.1 %b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" % status)
        conn.close()
        self._forget()

    def _forget(self) -> None:
        self.nr_conns -= 1
