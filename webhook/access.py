"""One access line and one count per request."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from contract.moments import rfc3339
from contract.redaction import redact
from webhook.lines import to_line
from webhook.metrics import Metrics

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_TEXT = 200


class AccessLog:
    """WSGI middleware around the application; it never prints query strings or headers that hold secrets."""

    def __init__(
        self,
        application: "WSGIApplication",
        write: Callable[[Callable[[], str]], None],
        metrics: Metrics,
    ) -> None:
        self._application = application
        self._write = write
        self._count = cache(lambda code: metrics.requests.labels(code).inc)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Serve the request and note its answer."""
        started = time.perf_counter()

        def note(code: str) -> None:
            self._count(code)()
            took, at = time.perf_counter() - started, time.time()
            self._write(lambda: _line(environ, code, took, at))

        def start(status: str, *rest: object) -> object:
            note(status[:3])
            return start_response(status, *rest)  # type: ignore[arg-type]

        try:
            return self._application(environ, start)  # type: ignore[arg-type]
        except Exception:
            note("500")
            raise


def _line(environ: "WSGIEnvironment", code: str, took: float, at: float) -> str:
    return to_line(
        kind="access",
        at=rfc3339(datetime.fromtimestamp(at, UTC)),
        method=_text(environ["REQUEST_METHOD"]),
        path=_text(environ["PATH_INFO"]),
        status=int(code),
        ms=round(took * 1000, 2),
        peer=environ.get("REMOTE_ADDR", ""),
        agent=_text(environ.get("HTTP_USER_AGENT", "")),
    )


@lru_cache(maxsize=256)
def _text(foreign: str) -> str:
    """Shorten what a client sent, without secrets; the same few texts come again and again."""
    return redact(foreign[:MAX_TEXT])
