"""Who may reach what, and the headers every answer carries. Deny by default."""

import secrets
from collections.abc import Callable, Iterable
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from werkzeug.middleware.proxy_fix import ProxyFix

from app.accounts.factors import guard
from app.accounts.models import Role
from app.errors import Forbidden, Unauthorized, wants_problem

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
        "dashboard.theme",
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
        "dashboard.theme",
        "incidents.keep_view",
        "incidents.remove_view",
    }
)
"""Changes that concern only the person who makes them."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
METHODS = SAFE_METHODS | {"POST", "PUT", "PATCH", "DELETE", "TRACE", "QUERY"}
MAX_BODY_BYTES = 1024 * 1024


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
    elsewhere = guard.detour()
    if elsewhere is not None:
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
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for(endpoint, next=target), code=HTTPStatus.SEE_OTHER)


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


def init_app(app: Flask) -> None:
    """Install the guard and the headers."""
    app.wsgi_app = KnownMethods(app.wsgi_app)  # type: ignore[method-assign]
    hops = app.config["SETTINGS"].proxy_hops
    if hops:
        # Only who called is believed, and only of our own proxies: the brakes count by address.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=0)  # type: ignore[method-assign]
    app.before_request(_guard)
    app.after_request(_add_headers)
    app.context_processor(lambda: {"csp_nonce": csp_nonce})
