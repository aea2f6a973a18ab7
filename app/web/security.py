"""Who may reach what, and the headers every answer carries. Deny by default."""

import secrets
from collections.abc import Callable, Iterable
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import RequestRedirect

from app.errors import Forbidden, Unauthorized, wants_problem
from app.records.accounts import Role
from app.web.accounts.factors import guard
from contract import limits

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PUBLIC = frozenset(
    {
        "static",
        "accounts.login",
        "accounts.register",
        "links.forgotten",
        "links.reset",
        "links.invitation",
        "subscriptions.unsubscribe",
        "oidc.start",
        "oidc.callback",
        "second_step.show",
        "second_step.options",
        "second_step.leave",
        "second_step.log_in",
        "second_step.log_in_options",
        "numbers.theme",
        "ops.healthz",
        "ops.readyz",
    },
)
"""Endpoints that need no log-in. Everything else does."""

TOKEN_BLUEPRINTS = frozenset({"api", "faults"})
"""Blueprints that authenticate each request by a bearer token themselves, and ignore cookies."""

ROLE_OF_BLUEPRINT = {"admin": Role.ADMIN}
"""Blueprints for which a log-in is not enough, whatever the method."""

VIEWER_MAY_POST = frozenset(
    {
        "accounts.logout",
        "profile.show",
        "profile.password",
        "profile.sign_out_everywhere",
        "profile.tokens",
        "profile.revoke",
        "factors.add_app",
        "factors.add_passkey",
        "factors.passkey_options",
        "factors.remove",
        "factors.renew_codes",
        "subscriptions.show",
        "numbers.theme",
        "incidents.keep_view",
        "incidents.remove_view",
    }
)
"""Changes that concern only the person who makes them."""

WITH_INITIAL_PASSWORD = frozenset({"profile.password", "accounts.logout"})
"""All that opens to somebody who has not changed an initial password yet."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
METHODS = SAFE_METHODS | {"POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY"}
MAX_BODY_BYTES = limits.BODY_BYTES


def requires[**P](
    role: Role,
) -> Callable[[Callable[P, ResponseReturnValue]], Callable[P, ResponseReturnValue]]:
    """Let only people with ``role`` or more reach the view."""

    def decorate(view: Callable[P, ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            if not current_user.role.includes(role):
                raise Forbidden(f"This needs the role {role}; yours is {current_user.role}.")
            return view(*args, **kwargs)

        return guarded

    return decorate


def csp_nonce() -> str:
    """Return this request's nonce for ``<script nonce=…>`` and ``<style nonce=…>``."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def _guard() -> ResponseReturnValue | None:
    """Refuse whoever may not be here, before any view runs."""
    if request.endpoint is None or request.endpoint in PUBLIC or request.blueprint in TOKEN_BLUEPRINTS:
        return None
    if not current_user.is_authenticated:
        return _to("accounts.login")
    if current_user.password_expires_at is not None and request.endpoint not in WITH_INITIAL_PASSWORD:
        if wants_problem():
            raise Forbidden("Change your initial password first.")
        return redirect(url_for("profile.password"), code=HTTPStatus.SEE_OTHER)
    elsewhere = guard.detour()
    if elsewhere is not None and current_user.password_expires_at is None:
        return _to(elsewhere)
    least = ROLE_OF_BLUEPRINT.get(request.blueprint or "", Role.VIEWER)
    if not current_user.role.includes(least):
        raise Forbidden(f"This needs the role {least}; yours is {current_user.role}.")
    may_change = current_user.role.includes(Role.RESPONDER) or request.endpoint in VIEWER_MAY_POST
    if request.method not in SAFE_METHODS and not may_change:
        raise Forbidden(
            "You may look at everything here, but not change it. An administrator can change your role."
        )
    return None


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
    if request.endpoint != "static":
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
