"""Single sign-on by OpenID Connect. Off without an issuer."""

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts import external, sessions
from app.accounts.access import public
from app.accounts.factors import pending
from app.config import Settings
from app.errors import Unauthorized
from app.records.accounts import Proof
from app.web.pages import local_path

if TYPE_CHECKING:
    from app.accounts.provider import Provider

bp = Blueprint("oidc", __name__, url_prefix="/login/oidc")


@bp.get("")
@public
def start() -> ResponseReturnValue:
    """Send the browser to the provider."""
    confirms = current_user.is_authenticated and "confirm" in request.args
    answer = _provider().redirect(_callback_address(), is_again=confirms)
    session["oidc_next"], session["oidc_confirms"] = local_path(request.args.get("next")), confirms
    return answer


@bp.get("/callback")
@public
def callback() -> ResponseReturnValue:
    """Take the person whom the provider sends back, and whom it vouches for."""
    if session.pop("oidc_confirms", False) and current_user.is_authenticated:
        return _confirm()
    target = local_path(session.get("oidc_next"))
    user = external.admit(_provider().identify(), _settings(), address=request.remote_addr or "")
    has_second = _settings().oidc_is_second_factor
    return pending.admit(user, target, how=Proof.SINGLE_SIGN_ON, has_second=has_second)


def _confirm() -> ResponseReturnValue:
    """Note that the person who is logged in here has just signed on again."""
    identity = _provider().identify(signed_on_within=sessions.RECENT)
    if (identity.issuer, identity.subject) != (current_user.oidc_issuer, current_user.oidc_subject):
        raise Unauthorized("You signed on as somebody else than is logged in here. Try again.")
    sessions.prove(Proof.SINGLE_SIGN_ON)
    return redirect(url_for("profile.proved"), code=HTTPStatus.SEE_OTHER)


def _provider() -> "Provider":
    found: Provider | None = current_app.extensions.get("oidc")
    if found is None:
        raise Unauthorized("Single sign-on is not set up here. Log in with your password.")
    return found


def _callback_address() -> str:
    """Return the address registered at the provider; it never comes from the request's Host header."""
    return _settings().base_url + url_for("oidc.callback")


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def init_app(app: Flask, settings: Settings) -> None:
    """Offer single sign-on where a provider is set."""
    app.register_blueprint(bp)
    if settings.oidc_client_secret is None:
        return
    # The protocol is a sixth of the code that a process of the app would load; most have no use for it.
    from app.accounts.provider import Provider  # noqa: PLC0415

    app.extensions["oidc"] = Provider(app, settings, settings.oidc_client_secret.get_secret_value())
