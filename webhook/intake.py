"""``POST /`` (and ``/alerts``): take alerts.

A WSGI application of its own in front of Flask, which does the rest: this is the one door that must be fast,
and it needs nothing of what Flask does for a request, which is a third of the time.
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog

from webhook import event
from webhook.bearer import authorize
from webhook.credentials import Credential
from webhook.errors import RefusedError, method_not_allowed, refusal
from webhook.journal import Journal, Source
from webhook.metrics import Metrics
from webhook.payload import MAX_BODY_BYTES, parse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger(__name__)

PATHS = {"", "alerts"}


class Intake:
    """Serves its own paths and leaves the others to the next application."""

    def __init__(
        self,
        others: "WSGIApplication",
        *,
        journal: Journal,
        metrics: Metrics,
        writer: Credential,
        reader: Credential,
    ) -> None:
        self._others = others
        self._journal = journal
        self._metrics = metrics
        self._writer = writer
        self._reader = reader
        self._accepted = metrics.alerts.labels("accepted")
        self._duplicates = metrics.alerts.labels("duplicate")

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Commit the alerts of a message to the journal, then say so."""
        if environ["PATH_INFO"].strip("/") not in PATHS:
            return self._others(environ, start_response)
        status, headers, body = HTTPStatus.OK, dict[str, str](), ""
        try:
            body = self._take(environ)
        except Exception as error:  # noqa: BLE001 - each kind has its answer
            status, headers, body = refusal(error, self._metrics)
        content = body.encode()
        start_response(
            f"{status.value} {status.phrase}",
            [("Content-Type", "application/json"), ("Content-Length", str(len(content))), *headers.items()],
        )
        return [content]

    def _take(self, environ: "WSGIEnvironment") -> str:
        if environ["REQUEST_METHOD"] != "POST":
            raise method_not_allowed("POST")
        authorize(environ, self._writer, other=self._reader)
        message = parse(_body(environ))
        received_at = event.now()
        receipt = self._journal.append(
            [event.from_alert(alert, message, received_at, Source.ALERTMANAGER) for alert in message.alerts]
        )
        self._accepted.inc(receipt.accepted)
        self._duplicates.inc(receipt.duplicates)
        if message.truncated_alerts:
            self._metrics.truncated.inc(message.truncated_alerts)
            log.warning("alerts_truncated", count=message.truncated_alerts, receiver=message.receiver)
        accepted, duplicates, last_seq = receipt
        return f'{{"accepted":{accepted},"duplicates":{duplicates},"last_seq":{last_seq}}}\n'


def _body(environ: "WSGIEnvironment") -> bytes:
    """Read the request's body, never more than the limit."""
    # gunicorn has refused a Content-Length that is no number.
    declared = int(environ.get("CONTENT_LENGTH") or 0)
    if declared > MAX_BODY_BYTES:
        raise _too_large()
    body: bytes = environ["wsgi.input"].read(MAX_BODY_BYTES + 1)
    if len(body) > MAX_BODY_BYTES:
        raise _too_large()
    if len(body) < declared:
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
