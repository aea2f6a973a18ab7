"""Who may reach what, and the headers every answer carries. Deny by default."""

import secrets
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import RequestRedirect

from app.accounts import access
from app.accounts.access import Access, Hurdle
from app.errors import Forbidden, Unauthorized, wants_problem
from app.records.accounts import Role
from app.web.accounts.factors import guard
from app.web.assets import ENDPOINT
from contract import limits

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TOKEN_BLUEPRINTS = frozenset({"api", "faults"})
"""Blueprints that authenticate each request by a bearer token themselves, and ignore cookies."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
METHODS = SAFE_METHODS | {"POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY"}
MAX_BODY_BYTES = limits.BODY_BYTES


def csp_nonce() -> str:
    """Return this request's nonce for ``<script nonce=…>`` and ``<style nonce=…>``."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def _guard() -> ResponseReturnValue | None:
    """Refuse whoever may not be here, before any view runs; views say who may."""
    if request.endpoint in {None, ENDPOINT} or request.blueprint in TOKEN_BLUEPRINTS:
        return None
    wanted = access.of(current_app.view_functions[str(request.endpoint)])
    if wanted is None:
        raise Forbidden("Nobody may open this page: it doesn't say who may.")
    if wanted.look is None:
        return None
    if not current_user.is_authenticated:
        return _to("accounts.login")
    if (elsewhere := _before_a_hurdle(wanted)) is not None:
        return elsewhere
    _check_role(wanted, wanted.look)
    return None


def _before_a_hurdle(wanted: Access) -> ResponseReturnValue | None:
    """Lead a person who has to do something else first to where that is done."""
    if current_user.password_expires_at is not None:
        if Hurdle.INITIAL_PASSWORD in wanted.before:
            return None
        if wants_problem():
            raise Forbidden("Change your initial password first.")
        return redirect(url_for("profile.password"), code=HTTPStatus.SEE_OTHER)
    hurdle = guard.hurdle()
    if hurdle is None or hurdle in wanted.before:
        return None
    return _to(guard.DETOURS[hurdle])


def _check_role(wanted: Access, look: Role) -> None:
    """Raise Forbidden if the person's role is not enough for this request."""
    is_change = request.method not in SAFE_METHODS
    least = wanted.change if is_change and wanted.change is not None else look
    if current_user.role.includes(least):
        return
    if is_change and least is Role.RESPONDER:
        raise Forbidden(
            "You may look at everything here, but not change it. An administrator can change your role."
        )
    raise Forbidden(f"This needs the role {least}; yours is {current_user.role}.")


def _to(endpoint: str) -> ResponseReturnValue:
    """Lead a person to a page that comes before the one they asked for; a program is refused."""
    if wants_problem():
        raise Unauthorized("Log in first.")
    target = here() if request.method == "GET" else None
    return redirect(url_for(endpoint, next=target), code=HTTPStatus.SEE_OTHER)


def _stay_here(response: Response) -> Response:
    """Make a redirect of the router relative: the host and scheme of a request are anybody's word."""
    if isinstance(request.routing_exception, RequestRedirect):
        wanted = urlsplit(request.routing_exception.new_url)
        response.headers["Location"] = wanted._replace(scheme="", netloc="").geturl()
    return response


def _add_headers(response: Response) -> Response:
    nonce = csp_nonce()
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        "img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if request.endpoint != ENDPOINT:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


class KnownMethods:
    """Answer 501 to methods HTTP doesn't have: each would become a label of the metrics."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Let the request through, or refuse it before anything counts it."""
        if environ["REQUEST_METHOD"] in METHODS:
            return self._app(environ, start_response)
        start_response("501 Not Implemented", [("Content-Length", "0")])
        return ()


class UnderPath:
    """Serve the app under the path of its base address, whether or not a proxy in front strips it.

    Only the setting says where that is: a header could be anybody's.
    """

    def __init__(self, app: "WSGIApplication", path: str) -> None:
        self._app = app
        self._path = path

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Tell the app its path, so that every address it writes begins with it."""
        asked = environ["PATH_INFO"]
        if asked == self._path or asked.startswith(f"{self._path}/"):
            environ["PATH_INFO"] = asked[len(self._path) :] or "/"
        environ["SCRIPT_NAME"] = self._path
        return self._app(environ, start_response)


def here() -> str:
    """Return the address of this request below the host: with the app's own path, and its query."""
    asked = request.full_path if request.query_string else request.path
    return f"{request.script_root}{asked}"


def init_app(app: Flask) -> None:
    """Install the guard and the headers."""
    if path := app.config["SETTINGS"].base_path:
        app.wsgi_app = UnderPath(app.wsgi_app, path)  # type: ignore[method-assign]
    app.wsgi_app = KnownMethods(app.wsgi_app)  # type: ignore[method-assign]
    hops = app.config["SETTINGS"].proxy_hops
    if hops:
        # Only who called is believed, and only of our own proxies: the brakes count by address.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=0)  # type: ignore[method-assign]
    app.before_request(_guard)
    app.after_request(_stay_here)
    app.after_request(_add_headers)
    app.context_processor(lambda: {"csp_nonce": csp_nonce, "here": here})
