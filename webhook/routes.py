"""``POST /`` takes alerts, ``GET /events`` gives them to consumers."""

import threading
from http import HTTPStatus

import structlog
from flask import Blueprint, Response, request

from webhook import event
from webhook.credentials import Credential
from webhook.errors import RefusedError
from webhook.journal import Journal, Source
from webhook.metrics import Metrics
from webhook.payload import MAX_BODY_BYTES, parse
from webhook.signing import signed_line

log = structlog.get_logger(__name__)

MAX_LIMIT = 1000
MAX_WAIT_SECONDS = 30
# Of the eight threads half stay free for deliveries, however many consumers wait.
MAX_WAITING = 4


def blueprint(
    *, journal: Journal, metrics: Metrics, writer: Credential, reader: Credential, event_key: Credential
) -> Blueprint:
    """Open the two doors of the journal."""
    bp = Blueprint("journal", __name__)
    waiting = threading.BoundedSemaphore(MAX_WAITING)
    accepted, duplicates = metrics.alerts.labels("accepted"), metrics.alerts.labels("duplicate")

    @bp.post("/")
    @bp.post("/alerts")
    def take() -> Response:
        """Commit the alerts of a message to the journal, then say so."""
        _authorize(writer, other=reader)
        message = parse(_body())
        received_at = event.now()
        receipt = journal.append(
            [event.from_alert(alert, message, received_at, Source.ALERTMANAGER) for alert in message.alerts]
        )
        accepted.inc(receipt.accepted)
        duplicates.inc(receipt.duplicates)
        if message.truncated_alerts:
            metrics.truncated.inc(message.truncated_alerts)
            log.warning("alerts_truncated", count=message.truncated_alerts, receiver=message.receiver)
        return _json(
            f'{{"accepted":{receipt.accepted},"duplicates":{receipt.duplicates},"last_seq":{receipt.last_seq}}}\n'
        )

    @bp.get("/events")
    def events() -> Response:
        """Give the events after a number; wait for one if asked to and there is none yet."""
        _authorize(reader, other=writer)
        after = _number("after", default=0, most=2**63 - 1)
        limit = _number("limit", default=500, least=1, most=MAX_LIMIT)
        wait = _number("wait", default=0, most=MAX_WAIT_SECONDS)
        headers = {}
        if wait and journal.last_seq() == after:
            if waiting.acquire(blocking=False):
                try:
                    journal.wait(after, wait)
                finally:
                    waiting.release()
            else:
                headers["Retry-After"] = "1"
        page = journal.read(after, limit)
        key = event_key.value
        lines = ",".join(signed_line(text, key) for text in page.events)
        state = page.state
        return _json(
            f'{{"events":[{lines}],"last_seq":{state.last_seq},"oldest_seq":{state.oldest_seq},'
            f'"journal_id":"{state.journal_id}"}}\n',
            headers,
        )

    return bp


def _authorize(wanted: Credential, *, other: Credential) -> None:
    """Refuse a request without the wanted bearer token (RFC 6750)."""
    scheme, _, token = request.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    presented = token.strip().encode("latin-1") if scheme.lower() == "bearer" else b""
    if wanted.matches(presented):
        return
    if other.matches(presented):
        raise RefusedError(HTTPStatus.FORBIDDEN, "forbidden", "this token is for another purpose")
    raise RefusedError(
        HTTPStatus.UNAUTHORIZED,
        "unauthorized",
        "send the header Authorization: Bearer <token> with the right token",
        headers={"WWW-Authenticate": 'Bearer realm="oims-webhook"'},
    )


def _body() -> bytes:
    """Read the request's body, never more than the limit."""
    environ = request.environ
    declared = request.content_length
    if declared is not None and declared > MAX_BODY_BYTES:
        raise _too_large()
    body: bytes = environ["wsgi.input"].read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise _too_large()
    if declared is not None and len(body) < declared:
        raise RefusedError(
            HTTPStatus.BAD_REQUEST, "incomplete", "the body is shorter than its Content-Length"
        )
    return body


def _too_large() -> RefusedError:
    return RefusedError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too_large",
        f"the body has more than {MAX_BODY_BYTES} bytes; set max_alerts of the receiver in Alertmanager",
        headers={"Connection": "close"},
    )


def _number(name: str, *, default: int, least: int = 0, most: int) -> int:
    """Read a number of the query string."""
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and least <= int(text) <= most):  # noqa: PLR2004 - 2**63 has 19 digits
        raise RefusedError(
            HTTPStatus.BAD_REQUEST, "invalid", f"{name}: must be a number from {least} to {most}"
        )
    return int(text)


def _json(body: str, headers: dict[str, str] | None = None) -> Response:
    return Response(body, HTTPStatus.OK, headers, content_type="application/json")
