"""The address that jobs ping, in the protocol of Healthchecks: whoever knows it may, without a log-in."""

import sqlite3
import sys
from http import HTTPStatus
from uuid import UUID

import structlog
from flask import Blueprint, Flask, Response, current_app, request
from sqlalchemy.exc import SQLAlchemyError

from app.accounts.access import public
from app.clock import now
from app.heartbeats import arrivals, service
from app.heartbeats.arrivals import Arrival
from app.limiter import Limiter
from app.records.heartbeats import PingKind
from contract import limits
from contract.redaction import redact
from contract.text import decoded, one_line, safe

log = structlog.get_logger()

bp = Blueprint("pings", __name__, url_prefix="/ping")

KINDS = {"": PingKind.SUCCESS, "start": PingKind.START, "fail": PingKind.FAIL, "log": PingKind.LOG}
EXIT_STATUSES = {str(status): status for status in range(256)}
NOT_FOUND = ("not found", HTTPStatus.NOT_FOUND)


@bp.route("/<secret>", defaults={"word": ""}, methods=["GET", "POST"])
@bp.route("/<secret>/<word>", methods=["GET", "POST"])
@public
def ping(secret: str, word: str) -> Response:
    """Take in a ping; it is on disk when this answers OK."""
    words, status = _take(secret, word)
    response = Response(words, status, content_type="text/plain; charset=utf-8")
    response.headers["Ping-Body-Limit"] = str(limits.PING_BODY_BYTES)
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        response.headers["Retry-After"] = "5"
    return response


def _take(secret: str, word: str) -> tuple[str, HTTPStatus]:
    known = _uuid(secret)
    exit_status = EXIT_STATUSES.get(word)
    if known is None or (exit_status is None and word not in KINDS):
        return NOT_FOUND
    run = request.args.get("rid")
    if run is not None and _uuid(run) is None:
        return "invalid uuid format", HTTPStatus.BAD_REQUEST
    try:
        found = service.at_address(known)
        if found is None:
            return NOT_FOUND
        heartbeat_id, created_at = found
        limiter: Limiter = current_app.extensions["ping_limiter"]
        if limiter.take(heartbeat_id) < 0:
            return "rate limited", HTTPStatus.TOO_MANY_REQUESTS
        kind = KINDS.get(word) or (PingKind.FAIL if exit_status else PingKind.SUCCESS)
        arrival = _arrival(heartbeat_id, kind, exit_status, run)
        arrivals.here().add(arrival.model_copy(update={"created_at": created_at}))
    except (SQLAlchemyError, sqlite3.Error) as error:
        log.warning("ping_not_kept", error=type(error).__name__)
        return "not kept, try again", HTTPStatus.SERVICE_UNAVAILABLE
    return "OK", HTTPStatus.OK


def _arrival(heartbeat_id: int, kind: PingKind, exit_status: int | None, run: str | None) -> Arrival:
    body = _body()
    return Arrival(
        heartbeat_id=heartbeat_id,
        at=now(),
        kind=kind,
        exit_status=exit_status,
        run=run.lower() if run else None,
        body=redact(safe(decoded(body[: limits.PING_BODY_BYTES]))),
        is_cut=max(len(body), request.content_length or 0) > limits.PING_BODY_BYTES,
        address=(request.remote_addr or "")[:64] or None,
        agent=one_line(request.user_agent.string, limits.NAME),
    )


def _body() -> bytes:
    """Return the beginning of the body; a ping counts, however much its job wrote.

    Of a body that says it is longer than limits.BODY_BYTES the web server hands on nothing.
    """
    request.max_content_length = sys.maxsize
    return request.stream.read(limits.PING_BODY_BYTES + 1)


def _uuid(text: str) -> UUID | None:
    """Return a UUID that is written as usual, or nothing."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found if str(found) == text.lower() else None


def init_app(app: Flask) -> None:
    """Make the buckets of the heartbeats."""
    app.extensions["ping_limiter"] = Limiter(limits.PINGS_PER_MINUTE)
