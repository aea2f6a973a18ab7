"""The errors the webhook answers with, in one JSON shape: ``{"error": word, "reasons": [sentence, …]}``."""

from http import HTTPStatus
from typing import NamedTuple

import structlog
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from webhook.journal import JournalUnavailableError
from webhook.lines import to_line
from webhook.metrics import Metrics
from webhook.payload import InvalidPayloadError

log = structlog.get_logger(__name__)

RETRY_AFTER_SECONDS = 5


class RefusedError(Exception):
    """A request that is not served; ``reason`` is the label it is counted under."""

    def __init__(
        self, status: HTTPStatus, reason: str, *sentences: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.sentences = sentences
        self.headers = headers or {}


class Refusal(NamedTuple):
    """An error as an answer: status, further headers, JSON body, and the word it is counted under."""

    status: HTTPStatus
    headers: dict[str, str]
    body: str
    reason: str


def method_not_allowed(*methods: str) -> RefusedError:
    """Refuse a method where only others are served."""
    return RefusedError(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "method_not_allowed",
        f"use {' or '.join(methods)} here",
        headers={"Allow": ", ".join(methods)},
    )


def refusal(error: Exception, metrics: Metrics) -> Refusal:
    """Turn an exception into an answer, and count it; one that nobody foresaw is logged and tells nothing."""
    if isinstance(error, HTTPException):
        return _of_flask(error)
    refused = _refused(error)
    metrics.rejected.labels(refused.reason).inc()
    return _answer(refused)


def init_app(app: Flask, metrics: Metrics) -> None:
    """Answer so wherever Flask serves."""

    @app.errorhandler(Exception)
    def refuse(error: Exception) -> Response:
        refused = refusal(error, metrics)
        return Response(refused.body, refused.status, refused.headers, content_type="application/json")


def _refused(error: Exception) -> RefusedError:
    match error:
        case RefusedError():
            return error
        case InvalidPayloadError():
            return RefusedError(HTTPStatus.BAD_REQUEST, "invalid", *error.reasons)
        case JournalUnavailableError():
            return RefusedError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"journal_{error.reason}",
                f"the journal can't be used now ({error.reason}); send the same request again",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
    log.error("request_failed", exc_info=error)
    return RefusedError(
        HTTPStatus.INTERNAL_SERVER_ERROR, "failed", "the webhook has failed; its log on stderr says why"
    )


def _of_flask(error: HTTPException) -> Refusal:
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    methods = getattr(error, "valid_methods", None)
    if status is HTTPStatus.METHOD_NOT_ALLOWED and methods:
        return _answer(method_not_allowed(*sorted(methods)))
    reason = status.phrase.lower().replace(" ", "_")
    return _answer(RefusedError(status, reason, status.description or status.phrase))


def _answer(refused: RefusedError) -> Refusal:
    body = to_line(error=refused.reason, reasons=list(refused.sentences)) + "\n"
    return Refusal(refused.status, refused.headers, body, refused.reason)
