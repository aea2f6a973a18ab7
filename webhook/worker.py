"""gunicorn's threaded worker, made safe against slow clients, quick at posts and quick to stop."""

import logging
import selectors
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

from gunicorn import util
from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.http import wsgi
from gunicorn.http.errors import NoMoreData
from gunicorn.http.message import Request
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

from webhook.answer import Answer
from webhook.arrival import Arrival, Progress
from webhook.lookout import Lookout

CLOSING_THREADS = 2
# How much of a refused body is still taken in, so that a client that reads its answer last gets it.
MAX_DRAINED_BYTES = 16 * 1024 * 1024
# How long a client may take to read its answer.
ANSWER_SECONDS = 10.0
# How long the thread that attends to posts looks out for one when none waits.
LINGER_MILLISECONDS = 1
HANGING_SECONDS = 1.0
MAX_POSTS = 16
NEVER = float("-inf")

_REFUSALS = {
    Progress.PARTIAL: (b"408 Request Timeout", "slow"),
    Progress.TOO_LARGE: (b"431 Request Header Fields Too Large", "head_too_large"),
}


def _say_goodbye(conn: TConn) -> None:
    """Close a connection; a client that is still sending gets its answer (RFC 9112, section 9.6)."""
    util.close_graceful(conn.sock, max_drain=MAX_DRAINED_BYTES)


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
        self._posts: deque[TConn] = deque()
        self._attended_at = NEVER

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
            arrival = self._arrivals[conn] = Arrival(left)
        progress = arrival.receive(conn.sock)
        if progress is Progress.WHOLE:
            del self._arrivals[conn]
            conn.init()
            conn.sock.settimeout(0)
            conn.parser.unreader.unread(bytes(arrival.data))
            if arrival.is_post:
                self._posts.append(conn)
            else:
                self.tpool.submit(self._serve, conn)
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

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Look at the clients once, then have the posts that have come attended to."""
        super().wait_for_and_dispatch_events(timeout)
        if self._posts and time.monotonic() - self._attended_at > HANGING_SECONDS:
            self._attended_at = time.monotonic()
            self.tpool.submit(self._attend)

    def _serve(self, conn: TConn) -> None:
        """Handle a request, in a thread."""
        self._let_go(conn, keeps=self._complete(conn, self.handle(conn), ANSWER_SECONDS))

    def _attend(self) -> None:
        """Handle the posts that wait, and those that follow at once on the same connections, in a thread.

        One thread does it for all, since threads that take turns at the interpreter cost more than the posts
        do. All posts of a round are begun before the first is answered, so they share a commit. Only when a
        round hangs, on a disk that doesn't answer, does the main loop send another thread.
        """
        lookout = Lookout()
        while posts := self._next_posts(lookout):
            self._attended_at = time.monotonic()
            for conn, answer in [(conn, self.handle(conn)) for conn in posts]:
                # A client that doesn't read its answer must not hold up the others: no waiting here.
                keeps = self._complete(conn, answer, 0)
                if keeps and self._is_ready(conn):
                    lookout.watch(conn)
                else:
                    self._let_go(conn, keeps=keeps)
        self._attended_at = NEVER
        if self._posts:
            self.tpool.submit(self._attend)

    def _next_posts(self, lookout: Lookout) -> list[TConn]:
        """Take the posts of the next round; if there are none, nothing is watched any more."""
        following, others = lookout.look(0 if self._posts else LINGER_MILLISECONDS)
        self._posts.extend(following)
        posts = [self._posts.popleft() for _ in range(min(len(self._posts), MAX_POSTS))]
        for conn in others if posts else others + lookout.end():
            self._let_go(conn, keeps=True)
        return posts

    def handle(self, conn: TConn) -> Answer | None:
        """Begin to answer the request that has come; None if it can't be answered."""
        req = None
        try:
            req = next(conn.parser)
            return self._begin(req, conn)
        except (OSError, StopIteration, NoMoreData):
            return None
        except Exception as error:  # noqa: BLE001 - gunicorn has an answer to each kind
            self.handle_error(req, conn.sock, conn.client, error)
            return None

    def _begin(self, req: Request, conn: TConn) -> Answer:
        answer: Answer
        answer, environ = wsgi.create(
            req, conn.sock, conn.client, conn.server, self.cfg, response_class=Answer
        )
        environ["wsgi.multithread"] = True
        if not self.alive or len(self.keepalived_conns) >= self.max_keepalived:
            answer.force_close()
        answer.parts = self.wsgi(environ, answer.start_response)
        return answer

    def _complete(self, conn: TConn, answer: Answer | None, seconds: float) -> bool:
        """Send an answer within some seconds; whether the connection can be used again."""
        if answer is None:
            return False
        try:
            conn.sock.settimeout(seconds)
            answer.complete()
            conn.sock.settimeout(0)
            # The rest of a whole request is here already; one that was refused before it was whole ends here.
            return not answer.should_close() and bool(conn.parser.finish_body())
        except OSError:
            return False
        except Exception as error:  # noqa: BLE001 - gunicorn has an answer to each kind
            self.handle_error(answer.req, conn.sock, conn.client, error)
            return False

    def _let_go(self, conn: TConn, *, keeps: bool) -> None:
        """Give a connection back, without waking the main loop if nothing has to be done about it."""
        if keeps and self._is_ready(conn):
            self._park(conn)
        else:
            self.method_queue.defer(self._finish, conn, keeps)

    def _is_ready(self, conn: TConn) -> bool:
        """Tell whether the next thing to do is to look out for a client's next request."""
        return self.alive and not conn.parser.unreader.buf.getvalue()

    def _park(self, conn: TConn) -> None:
        """Have the main loop look out for the connection's next request."""
        conn.set_timeout()
        self.keepalived_conns.append(conn)
        if not self.alive:
            self._cap_keepalive(time.monotonic() + STOP_KEEPALIVE_LINGER)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.on_client_socket_readable, conn))

    def _finish(self, conn: TConn, keeps: object) -> None:
        if not keeps:
            goodbye = self._closing.submit(_say_goodbye, conn)
            goodbye.add_done_callback(lambda _: self.method_queue.defer(self._forget))
        elif conn.parser.unreader.buf.getvalue():
            self.enqueue_req(conn)
        else:
            self._park(conn)

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
