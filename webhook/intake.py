"""``POST /`` (and ``/alerts``): take alerts.

A WSGI application of its own in front of Flask, which does the rest: this is the one door that must be fast,
and it needs nothing of what Flask does for a request, which is a third of the time.
"""

from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog

from webhook import event
from webhook.bearer import authorize
from webhook.credentials import Credential
from webhook.errors import RefusedError, method_not_allowed, refusal
from webhook.journal import Journal, Receipt
from webhook.lines import to_line
from webhook.metrics import Metrics
from webhook.payload import MAX_BODY_BYTES, MAX_REASONS, Delivery, parse
from webhook.refusals import Refusals

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
        refusals: Refusals,
        writer: Credential,
        reader: Credential,
    ) -> None:
        self._others = others
        self._journal = journal
        self._metrics = metrics
        self._refusals = refusals
        self._writer = writer
        self._reader = reader
        self._accepted = metrics.alerts.labels("accepted")
        self._duplicates = metrics.alerts.labels("duplicate")

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Commit the alerts of a message to the journal, then say so."""
        if environ["PATH_INFO"].strip("/") not in PATHS:
            return self._others(environ, start_response)
        try:
            delivery = self._read(environ)
            finish = self._begin(delivery)
        except Exception as error:  # noqa: BLE001 - each kind has its answer
            refused = refusal(error, self._metrics)
            self._refusals.note(refused.status, refused.reason)
            return [_answer(start_response, refused.status, refused.headers, refused.body)]
        return self._outcome(delivery, finish, start_response)

    def _read(self, environ: "WSGIEnvironment") -> Delivery:
        if environ["REQUEST_METHOD"] != "POST":
            raise method_not_allowed("POST")
        authorize(environ, self._writer, other=self._reader)
        return parse(_body(environ))

    def _begin(self, delivery: Delivery) -> Callable[[], Receipt]:
        received_at, message = event.now(), delivery.message
        return self._journal.begin_append(
            [event.from_alert(alert, message, received_at, delivery.sender) for alert in message.alerts]
        )

    def _outcome(
        self, delivery: Delivery, finish: Callable[[], Receipt], start_response: "StartResponse"
    ) -> Iterator[bytes]:
        """Wait for the disk, but not before the answer is asked for.

        A server that asks for it after it has begun other requests has them share a commit.
        """
        try:
            accepted, duplicates, last_seq = finish()
        except Exception as error:  # noqa: BLE001 - each kind has its answer
            refused = refusal(error, self._metrics)
            yield _answer(start_response, refused.status, refused.headers, refused.body)
            return
        self._accepted.inc(accepted)
        self._duplicates.inc(duplicates)
        self._note_odd(delivery)
        receipt: dict[str, object] = {"accepted": accepted, "duplicates": duplicates, "last_seq": last_seq}
        if delivery.refused:
            receipt |= {"refused": len(delivery.refused), "reasons": delivery.refused[:MAX_REASONS]}
        yield _answer(start_response, HTTPStatus.OK, {}, to_line(**receipt) + "\n")

    def _note_odd(self, delivery: Delivery) -> None:
        """Count and log what was odd about a delivery that was taken."""
        message = delivery.message
        if message.truncated_alerts:
            self._metrics.truncated.inc(message.truncated_alerts)
            log.warning("alerts_truncated", count=message.truncated_alerts, receiver=message.receiver)
        odd = {"mended": delivery.mended, "kept_aside": delivery.kept_aside, "refused": len(delivery.refused)}
        if any(odd.values()):
            for outcome, count in odd.items():
                self._metrics.odd.labels(outcome).inc(count)
            log.warning("odd_alerts", receiver=message.receiver, **odd)
        if delivery.refused:
            self._refusals.note(HTTPStatus.BAD_REQUEST, "invalid")


def _answer(start_response: "StartResponse", status: HTTPStatus, headers: dict[str, str], body: str) -> bytes:
    content = body.encode()
    start_response(
        f"{status.value} {status.phrase}",
        [("Content-Type", "application/json"), ("Content-Length", str(len(content))), *headers.items()],
    )
    return content


def _body(environ: "WSGIEnvironment") -> bytes:
    """Read the request's body, never more than the limit."""
    # The server has refused a Content-Length that is no number.
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
