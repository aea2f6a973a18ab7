"""Single sign-on by OpenID Connect: authorization code flow with PKCE and nonce. Off without an issuer."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError
from requests.exceptions import RequestException

from app.accounts import external, sessions
from app.accounts.external import Identity
from app.config import Settings
from app.errors import Unauthorized, Unavailable
from app.pages import local_path

NAME = "oidc"
TIMEOUT_S = 5
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a key pair only: "none", and secrets shared with other apps, prove nothing."""
REFUSED = "Single sign-on did not work out. Try again; if it fails again, tell your administrator the time."

log = structlog.get_logger()
bp = Blueprint("oidc", __name__, url_prefix="/login/oidc")


@bp.get("")
def start() -> ResponseReturnValue:
    """Send the browser to the provider."""
    with _failures_in_words():
        client = _provider()
        session["oidc_next"] = local_path(request.args.get("next"))
        answer: ResponseReturnValue = client.authorize_redirect(_callback_address())
    return answer


@bp.get("/callback")
def callback() -> ResponseReturnValue:
    """Take the person whom the provider sends back, and whom it vouches for."""
    target = local_path(session.get("oidc_next"))
    with _failures_in_words():
        client = _provider()
        token = client.authorize_access_token(
            claims_options={
                "iss": {"essential": True, "value": _settings().oidc_issuer},
                "sub": {"essential": True},
                "nonce": {"essential": True},
            },
        )
        if "userinfo" not in token:
            raise OAuthError("missing_id_token")
        claims = _claims(client, token)
    user = external.admit(_identity(claims), _settings(), address=request.remote_addr or "")
    sessions.sign_in(user, request)
    return redirect(target, code=HTTPStatus.SEE_OTHER)


def _claims(client: Any, token: dict[str, Any]) -> dict[str, Any]:
    """Return what is said of the person: by the ID token, else by the provider's userinfo.

    Raises:
        OAuthError: userinfo speaks of another person.

    """
    told = dict(token["userinfo"])
    wanted = {"email", "email_verified", "name", _settings().oidc_role_claim or "email"}
    if wanted <= told.keys() or not client.server_metadata.get("userinfo_endpoint"):
        return told
    asked = client.userinfo(token=token)
    if asked.get("sub") != told["sub"]:
        raise OAuthError("userinfo_mismatch")
    return {**asked, **told}


def _identity(claims: dict[str, Any]) -> Identity:
    groups = claims.get(_settings().oidc_role_claim) or ()
    is_verified = claims.get("email_verified") is True and isinstance(claims.get("email"), str)
    return Identity(
        issuer=_settings().oidc_issuer,
        subject=str(claims["sub"])[:255],
        email=claims["email"] if is_verified else "",
        name=str(claims.get("name") or claims.get("preferred_username") or ""),
        groups=frozenset([groups] if isinstance(groups, str) else map(str, groups)),
    )


def _provider() -> Any:
    """Return the client, with the provider's metadata read and checked.

    Raises:
        OAuthError: there is no provider, or it calls itself something else.

    """
    client = current_app.extensions["oidc"].create_client(NAME) if _settings().oidc_issuer else None
    if client is None:
        raise OAuthError("single_sign_on_is_off")
    metadata = client.load_server_metadata()
    if metadata.get("issuer") != _settings().oidc_issuer:
        raise OAuthError("another_issuer")
    offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata["id_token_signing_alg_values_supported"] = [name for name in offered if name in ALGORITHMS]
    return client


@contextmanager
def _failures_in_words() -> Iterator[None]:
    """Turn the protocol's failures into answers for people; the log has their kind.

    Raises:
        Unauthorized: the provider, or somebody in its name, said something that doesn't fit.
        Unavailable: the provider doesn't answer.

    """
    try:
        yield
    except (OAuthError, JoseError, ValueError, KeyError, RuntimeError) as error:
        log.warning("oidc_refused", error=type(error).__name__, reason=getattr(error, "error", None))
        raise Unauthorized(REFUSED) from None
    except RequestException as error:
        log.warning("oidc_unreachable", error=type(error).__name__)
        raise Unavailable("The single sign-on provider doesn't answer. Try again in a moment.") from None


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
    oauth = OAuth(app)
    oauth.register(
        NAME,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        server_metadata_url=settings.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email profile",
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT_S,
        },
    )
    app.extensions["oidc"] = oauth
