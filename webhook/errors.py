"""The errors the webhook answers with, in one JSON shape: ``{"error": word, "reasons": [sentence, …]}``."""

from http import HTTPStatus

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from webhook.journal import JournalUnavailableError
from webhook.lines import to_line
from webhook.metrics import Metrics
from webhook.payload import InvalidPayloadError

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


def answer(status: int, reason: str, *sentences: str, headers: dict[str, str] | None = None) -> Response:
    """Build the answer of an error."""
    body = to_line(error=reason, reasons=list(sentences)) + "\n"
    return Response(body, status, headers, content_type="application/json")


def init_app(app: Flask, metrics: Metrics) -> None:
    """Turn the webhook's exceptions into answers."""

    @app.errorhandler(RefusedError)
    def refused(error: RefusedError) -> Response:
        metrics.rejected.labels(error.reason).inc()
        return answer(error.status, error.reason, *error.sentences, headers=error.headers)

    @app.errorhandler(InvalidPayloadError)
    def invalid(error: InvalidPayloadError) -> Response:
        metrics.rejected.labels("invalid").inc()
        return answer(HTTPStatus.BAD_REQUEST, "invalid", *error.reasons)

    @app.errorhandler(JournalUnavailableError)
    def unavailable(error: JournalUnavailableError) -> Response:
        metrics.rejected.labels(f"journal_{error.reason}").inc()
        return answer(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "journal_unavailable",
            f"the journal can't be used now ({error.reason}); send the same request again",
            headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        )

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Response:
        status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
        reason = status.phrase.lower().replace(" ", "_")
        allow = (
            {"Allow": ", ".join(sorted(methods))}
            if (methods := getattr(error, "valid_methods", None))
            else {}
        )
        return answer(status, reason, status.description or status.phrase, headers=allow)
