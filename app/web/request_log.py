"""Each request has an id and leaves one log line, without its path and query: they may carry secrets."""

import re
import secrets
from time import perf_counter

import structlog
from flask import Flask, Response, g, request

log = structlog.get_logger()

_REQUEST_ID = re.compile(r"^[A-Za-z0-9-]{8,64}$")
QUIET = frozenset({"ops.healthz", "ops.readyz", "static"})


def _identify() -> None:
    """Name the request in its logs, its answer and its error page."""
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.match(given) else secrets.token_hex(8)
    g.started = perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _log(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    if request.endpoint not in QUIET:
        log.info(
            "request",
            kind="access",
            method=request.method,
            route=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            duration_ms=round((perf_counter() - g.started) * 1000, 1),
        )
    return response


def init_app(app: Flask) -> None:
    """Install both; first of all parts, so that the others' refusals are seen too."""
    app.before_request(_identify)
    app.after_request(_log)
