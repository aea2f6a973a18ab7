"""One family of errors, and the only place that turns an error into an answer.

Programs get RFC 9457 ``application/problem+json``; browsers get a page in the same words.
"""

from http import HTTPStatus
from typing import TypedDict

import structlog
from flask import Flask, Response, current_app, g, jsonify, render_template, request
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException

from app.extensions import db

log = structlog.get_logger()


class FieldError(TypedDict):
    """What is wrong with one field."""

    field: str
    message: str


class OimsError(Exception):
    """An outcome that a person can read: ``detail`` is a sentence, never an exception's text."""

    status = HTTPStatus.BAD_REQUEST
    title = "The request can't be done"

    def __init__(self, detail: str, errors: list[FieldError] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors or []
        self.headers: dict[str, str] = {}


class InvalidInput(OimsError):
    """Some fields are missing or wrong."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    title = "Some fields need another value"


class Unauthorized(OimsError):
    """Who is asking is not known."""

    status = HTTPStatus.UNAUTHORIZED
    title = "Authentication needed"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.headers = {"WWW-Authenticate": "Bearer"}


class Forbidden(OimsError):
    """Who is asking may not do this."""

    status = HTTPStatus.FORBIDDEN
    title = "Not allowed"


class NotFound(OimsError):
    """There is no such thing."""

    status = HTTPStatus.NOT_FOUND
    title = "Not found"


class InvalidTransition(OimsError):
    """The incident's state doesn't allow the action."""

    status = HTTPStatus.CONFLICT
    title = "Not possible now"


class EditConflict(OimsError):
    """Somebody else changed the incident since it was read."""

    status = HTTPStatus.CONFLICT
    title = "Changed by somebody else"


class PreconditionFailed(OimsError):
    """The incident is no longer what the caller has seen."""

    status = HTTPStatus.PRECONDITION_FAILED
    title = "Changed by somebody else"


class TooManyAttempts(OimsError):
    """The caller has to wait."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    title = "Too many attempts"

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail)
        self.headers = {"Retry-After": str(retry_after)}


class Unavailable(OimsError):
    """Something this needs doesn't answer; trying again helps."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    title = "Temporarily unavailable"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.headers = {"Retry-After": "5"}


class Broken(OimsError):
    """A defect of ours; the log has the details under the request's id."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    title = "Something failed on our side"


def wants_problem() -> bool:
    """Say whether the caller is a program: of the API, a proxy, or who asks for JSON first."""
    is_subrequest = request.blueprint == "subrequest" and request.endpoint != "subrequest.enter"
    if is_subrequest or request.path.startswith(("/api/", "/demo/")):
        return True
    accepted = request.accept_mimetypes
    return accepted.best_match(["text/html", "application/json"], default="text/html") == "application/json"


def respond(error: OimsError) -> Response:
    """Answer with ``error`` in the form the caller understands."""
    request_id = g.get("request_id", "")
    if wants_problem():
        response = jsonify(
            type="about:blank",
            title=error.title,
            status=int(error.status),
            detail=error.detail,
            errors=error.errors,
            request_id=request_id,
        )
        response.content_type = "application/problem+json"
    else:
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            # Flask-Login looks the reader up for every template; the database may be what is broken.
            g._login_user = AnonymousUserMixin()  # noqa: SLF001
        response = Response(render_template("errors/error.html", error=error, request_id=request_id))
    response.status_code = error.status
    response.headers.update(error.headers)
    return response


def _from_http(error: HTTPException) -> Response:
    if error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return Response(error.get_response())  # type: ignore[arg-type]
    known = OimsError(_HTTP_DETAILS.get(error.code, "The server can't do this request."))
    known.status = HTTPStatus(error.code)
    known.title = known.status.phrase.capitalize()
    known.headers = {
        name: value
        for name, value in error.get_headers()
        if name in {"Allow", "Retry-After", "WWW-Authenticate"}
    }
    return respond(known)


_HTTP_DETAILS = {
    400: "The request is malformed. If you sent a form, reload the page and send it again.",
    404: "There is nothing at this address.",
    405: "This address doesn't know that method.",
    413: "The request is larger than 1 MiB.",
    415: "Send the body as application/json.",
    429: "Too many requests; wait a moment.",
}


def _from_forgery(error: CSRFError) -> Response:
    """Refuse a form that lacks this browser's own token, and say what a person can do about it."""
    del error
    detail = "This page is from an earlier visit. Go back, reload it and send the form again."
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies:
        settings = current_app.config["SETTINGS"]
        detail = (
            "Your browser keeps no cookie of this site, and without one nobody can log in or send a form. "
            "Allow cookies for this address, go back, reload the page and send the form again."
        )
        if settings.cookies_are_secure:
            detail += f" Over http:// no cookie is kept; the address is {settings.base_url}."
    return respond(OimsError(detail))


def explained(error: Exception) -> OimsError:
    """Return what a caller is told of an exception; what only the log may say is logged."""
    match error:
        case OimsError():
            return error
        case OperationalError() | IntegrityError():
            # It is away or busy, or two requests made the same row at the same moment.
            log.error("database_unavailable", error=type(error.orig).__name__)
            return Unavailable("The database doesn't answer at the moment. Nothing was changed; try again.")
        case DataError() | OverflowError():
            log.warning("value_refused", error=type(error).__name__, exc_info=error)
            return InvalidInput(
                "A number in the request is too large, or a text has characters that can't be stored."
            )
        case _:
            log.error("unhandled_error", exc_info=error)
            return Broken("The error is logged. If it comes back, tell your administrator the request id.")


def _from_exception(error: Exception) -> Response:
    db.session.rollback()
    return respond(explained(error))


def init_app(app: Flask) -> None:
    """Register the handlers."""
    app.register_error_handler(OimsError, respond)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(CSRFError, _from_forgery)
    app.register_error_handler(Exception, _from_exception)
