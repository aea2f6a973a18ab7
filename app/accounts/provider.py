"""The OpenID Connect provider: code flow with PKCE and nonce, and what its answers are worth."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Flask
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError
from requests.exceptions import RequestException

from app.accounts.external import Identity
from app.clock import now
from app.config import Settings
from app.errors import Unauthorized, Unavailable
from contract.sessions import trust

TIMEOUT_S = 5
AT_ONCE = 4
"""Requests that may wait for the provider: while it is silent, the other threads serve everybody else."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures with a key pair only: "none", and secrets shared with other apps, prove nothing."""
REFUSED = "Single sign-on did not work out. Try again; if it fails again, tell your administrator the time."
SILENT = "The single sign-on provider doesn't answer. Try again in a moment."

log = structlog.get_logger()


class _Session(OAuth2Session):  # type: ignore[misc]  # Authlib has no types
    """A session that trusts a private authority besides the public ones."""

    def __init__(self, ca_file: Path | None = None, **options: Any) -> None:
        super().__init__(**options)
        trust(self, ca_file)


class _Client(FlaskOAuth2App):  # type: ignore[misc]
    client_cls = _Session


class Provider:
    """Sends browsers to the provider and hears whom it vouches for.

    Both raise Unauthorized when the provider, or somebody in its name, says something that doesn't fit, and
    Unavailable when it doesn't answer.
    """

    def __init__(self, app: Flask, settings: Settings, secret: str) -> None:
        self._settings = settings
        self._places = BoundedSemaphore(AT_ONCE)
        self._client = OAuth(app).register(
            "oidc",
            client_cls=_Client,
            client_id=settings.oidc_client_id,
            client_secret=secret,
            server_metadata_url=settings.oidc_issuer.rstrip("/") + "/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid email profile",
                "code_challenge_method": "S256",
                "default_timeout": TIMEOUT_S,
                "ca_file": settings.ca_file,
            },
        )

    def redirect(self, callback: str, *, is_again: bool = False) -> ResponseReturnValue:
        """Send the browser there; it comes back to the callback's address.

        ``is_again`` asks the provider to make sure of the person anew, whatever session it still has.
        """
        fresh = {"prompt": "login", "max_age": "0"} if is_again else {}
        with self._asking():
            self._read_metadata()
            answer: ResponseReturnValue = self._client.authorize_redirect(callback, **fresh)
        return answer

    def identify(self, *, signed_on_within: timedelta | None = None) -> Identity:
        """Return who came back, by the code in the current request.

        With ``signed_on_within`` only a person of whom the provider says to have made sure so lately.
        Raises OAuthError when the answer holds no identity.
        """
        with self._asking():
            self._read_metadata()
            token = self._client.authorize_access_token(
                claims_options={
                    "iss": {"essential": True, "value": self._settings.oidc_issuer},
                    "sub": {"essential": True},
                    "aud": {"essential": True, "value": self._settings.oidc_client_id},
                    "nonce": {"essential": True},
                },
            )
            if "userinfo" not in token:
                raise OAuthError("missing_id_token")
            if signed_on_within is not None:
                _check_age(token["userinfo"].get("auth_time"), signed_on_within)
            return self._identity(self._claims(token))

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Take one of the places for questions; failures come out in words, as `_failures_in_words` says."""
        if not self._places.acquire(blocking=False):
            raise Unavailable(SILENT)
        try:
            with _failures_in_words():
                yield
        finally:
            self._places.release()

    def _read_metadata(self) -> None:
        metadata = self._client.load_server_metadata()
        if metadata.get("issuer") != self._settings.oidc_issuer:
            raise OAuthError("another_issuer")
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [name for name in offered if name in ALGORITHMS]

    def _claims(self, token: dict[str, Any]) -> dict[str, Any]:
        """Return what is said of the person: by the ID token, else by the provider's userinfo.

        Raises:
            OAuthError: userinfo speaks of another person.

        """
        told = dict(token["userinfo"])
        wanted = {"email", "email_verified", "name", self._settings.oidc_role_claim or "email"}
        if wanted <= told.keys() or not self._client.server_metadata.get("userinfo_endpoint"):
            return told
        asked = self._client.userinfo(token=token)
        if asked.get("sub") != told["sub"]:
            raise OAuthError("userinfo_mismatch")
        return {**asked, **told}

    def _identity(self, claims: dict[str, Any]) -> Identity:
        groups = claims.get(self._settings.oidc_role_claim) or ()
        is_verified = claims.get("email_verified") is True and isinstance(claims.get("email"), str)
        return Identity(
            issuer=self._settings.oidc_issuer,
            subject=str(claims["sub"])[:255],
            email=claims["email"] if is_verified else "",
            name=str(claims.get("name") or claims.get("preferred_username") or ""),
            groups=frozenset([groups] if isinstance(groups, str) else map(str, groups)),
        )


def _check_age(signed_on_at: object, limit: timedelta) -> None:
    """Refuse a sign-on that the provider dates too long ago, or not at all (it must, by ``max_age``).

    Raises:
        OAuthError: it is not fresh.

    """
    if not isinstance(signed_on_at, int | float) or now().timestamp() - signed_on_at > limit.total_seconds():
        raise OAuthError("not_fresh")


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
        raise Unavailable(SILENT) from None
