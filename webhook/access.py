"""One access line and one count per request."""

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from webhook.event import rfc3339
from webhook.lines import to_line
from webhook.metrics import Metrics

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_TEXT = 200


class AccessLog:
    """WSGI middleware around the whole application; says nothing of query strings and headers that hold secrets."""

    def __init__(
        self, application: "WSGIApplication", write: Callable[[Iterable[str]], None], metrics: Metrics
    ) -> None:
        self._application = application
        self._write = write
        self._requests = metrics.requests

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        started = time.perf_counter()
        code = "500"

        def start(status: str, *rest: object) -> object:
            nonlocal code
            code = status[:3]
            return start_response(status, *rest)  # type: ignore[arg-type]

        try:
            return self._application(environ, start)  # type: ignore[arg-type]
        finally:
            self._requests.labels(code).inc()
            line = to_line(
                kind="access",
                at=rfc3339(datetime.now(UTC)),
                method=environ["REQUEST_METHOD"][:MAX_TEXT],
                path=environ["PATH_INFO"][:MAX_TEXT],
                status=int(code),
                ms=round((time.perf_counter() - started) * 1000, 2),
                peer=environ.get("REMOTE_ADDR", ""),
                agent=environ.get("HTTP_USER_AGENT", "")[:MAX_TEXT],
            )
            self._write([line])
