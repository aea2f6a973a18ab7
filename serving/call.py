"""One call of a WSGI application, and the threads that make the calls."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import closing, nullcontext
from http import HTTPStatus
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

log = structlog.get_logger(__name__)

HEALTH_PATH = "/healthz"
MAX_ROUND = 16
HANGING_SECONDS = 1.0


class Call:
    """A request for the application; its answer is ``status``, ``headers`` and ``body`` at the end."""

    __slots__ = ("_is_dropped", "_parts", "body", "environ", "headers", "is_begun", "on_end", "status")

    def __init__(self, environ: "WSGIEnvironment", on_end: Callable[["Call"], None]) -> None:
        """Take a listener, which the thread that ends the call runs."""
        self.environ = environ
        self.is_begun = False
        self._is_dropped = False
        self.on_end = on_end
        self._parts: Iterable[bytes] = ()
        self.status = (0, "")
        self.headers: list[tuple[str, str]] = []
        self.body = b""
        self._fail()

    def begin(self, application: "WSGIApplication") -> None:
        """Call the application, unless the call was dropped."""
        environ = self.environ
        self.is_begun = True
        if self._is_dropped:
            return
        try:
            self._parts = application(environ, self._start)
        except Exception:
            log.exception("request_failed")
            self._fail()

    def drop(self) -> None:
        """Give up a call that has not begun: nobody waits for its answer, and the sender may try again."""
        self._is_dropped = True  # first: a thread that begins the call now has its request already
        if not self.is_begun:
            self.environ = {}

    def end(self) -> None:
        """Have the application finish its answer."""
        try:
            with closing(self._parts) if hasattr(self._parts, "close") else nullcontext():  # type: ignore[type-var]
                body = b"".join(self._parts)
        except Exception:
            log.exception("request_failed")
            self._fail()
        else:
            self.body = body or self.body
        self.on_end(self)

    def _start(
        self, status: str, headers: list[tuple[str, str]], _error: object = None
    ) -> Callable[[bytes], None]:
        code, _, phrase = status.partition(" ")
        self.status, self.headers, self.body = (int(code), phrase), headers, b""
        return self._write

    def _write(self, part: bytes) -> None:
        self.body += part

    def _fail(self) -> None:
        self.status = (int(HTTPStatus.INTERNAL_SERVER_ERROR), HTTPStatus.INTERNAL_SERVER_ERROR.phrase)
        self.headers = [("Content-Type", "text/plain; charset=utf-8")]
        self.body = b"The server has failed; its log says why.\n"
        self._parts = ()


class Crew:
    """Threads that make calls; one of them only for ``/healthz``, so that it answers while all others hang.

    They are daemons: what hangs on a disk can't keep the process from ending.
    """

    def __init__(self, application: "WSGIApplication", threads: int, *, has_rounds: bool) -> None:
        """With rounds, the POSTs that wait are begun together before the first is answered (``_attend``)."""
        self._application = application
        self._has_rounds = has_rounds
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._probes: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._posts: deque[Call] = deque()
        self._attended_at: float | None = None
        self._mutex = threading.Lock()
        for jobs in (self._probes, *[self._jobs] * threads):
            threading.Thread(target=_work, args=(jobs,), name="request", daemon=True).start()

    def take(self, call: Call) -> None:
        """Have a call made."""
        if call.environ["PATH_INFO"] == HEALTH_PATH:
            self._probes.put(lambda: self._make(call))
        elif self._has_rounds and call.environ["REQUEST_METHOD"] == "POST":
            self._posts.append(call)
            self.relieve()
        else:
            self._jobs.put(lambda: self._make(call))

    def relieve(self) -> None:
        """Send a thread to posts that nobody attends to, or whose thread hangs."""
        now = time.monotonic()
        with self._mutex:
            if not self._posts or (self._attended_at or 0.0) > now - HANGING_SECONDS:
                return
            self._attended_at = now
        self._jobs.put(self._attend)

    def _make(self, call: Call) -> None:
        call.begin(self._application)
        call.end()

    def _attend(self) -> None:
        """Make the calls of the posts that wait now: a round.

        One thread begins them all, since threads that take turns at the interpreter cost more than the posts
        do; and all posts of a round are begun before the first is answered, so they share a commit. While
        they wait for the disk another thread may begin the next round.
        """
        with self._mutex:
            calls = [self._posts.popleft() for _ in range(min(len(self._posts), MAX_ROUND))]
        for call in calls:
            call.begin(self._application)
        with self._mutex:
            self._attended_at = None
        self.relieve()
        for call in calls:
            call.end()


def _work(jobs: "SimpleQueue[Callable[[], Any]]") -> None:
    while True:
        jobs.get()()
