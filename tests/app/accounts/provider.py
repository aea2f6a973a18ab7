"""A real OpenID Connect provider on a free port, made of Authlib's server side: code flow, PKCE required.

It consents at once, in the name of the person the test chose. ``twist`` changes an ID token's claims, which
is how a provider goes wrong, or somebody in its name.
"""

# ruff: noqa: ARG002 - Authlib's hooks are called with these names

import base64
import threading
from dataclasses import dataclass, field
from typing import Any, Self

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from flask import Flask, jsonify, request
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT_ID = "oims"
CLIENT_SECRET = "a secret that the two of them share"
CALLBACK = "http://localhost/login/oidc/callback"


@dataclass
class Person:
    sub: str
    claims: dict[str, Any]


class Client(ClientMixin):
    def get_client_id(self):
        return CLIENT_ID

    def get_default_redirect_uri(self):
        return CALLBACK

    def get_allowed_scope(self, scope):
        return scope

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri == CALLBACK

    def check_client_secret(self, client_secret):
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_basic"

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type == "authorization_code"


@dataclass
class Code(AuthorizationCodeMixin):
    code: str
    user: Person
    redirect_uri: str
    scope: str
    nonce: str
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self):
        return self.redirect_uri

    def get_scope(self):
        return self.scope

    def get_nonce(self):
        return self.nonce

    signed_on_at: int | None

    def get_auth_time(self):
        return self.signed_on_at

    def get_acr(self):
        return None

    get_amr = get_acr


@dataclass
class Provider:
    """What the test chooses, and what the provider has seen."""

    person: Person
    twist: dict[str, Any] = field(default_factory=dict)
    email_in_token: bool = True
    advertised_issuer: str | None = None
    userinfo_sub: str | None = None
    audience: Any = CLIENT_ID
    signed_on_at: int | None = None
    is_signing: bool = True
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1", "use": "sig"}))
    published_key: RSAKey | None = None
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, Person] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    issuer: str = ""
    certificate: tuple[str, str] | None = None
    """Files of certificate and key; without them it speaks plain HTTP."""

    def __enter__(self) -> Self:
        tls = self.certificate
        self._server = make_server("localhost", 0, self._app(), threaded=True, ssl_context=tls)
        self.issuer = f"{'https' if tls else 'http'}://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _claims(self) -> dict[str, Any]:
        return self.person.claims if self.email_in_token else {}

    def _app(self) -> Flask:
        app = Flask("provider")
        server = AuthorizationServer(
            app,
            lambda client_id: Client() if client_id == CLIENT_ID else None,
            lambda token, asked: self.tokens.update({token["access_token"]: asked.user}),
        )
        server.register_grant(code_grant(self), [code_token(self)(), CodeChallenge(required=True)])

        @app.get("/.well-known/openid-configuration")
        def metadata():
            return jsonify(
                issuer=self.advertised_issuer or self.issuer,
                authorization_endpoint=f"{self.issuer}/authorize",
                token_endpoint=f"{self.issuer}/token",
                userinfo_endpoint=f"{self.issuer}/userinfo",
                jwks_uri=f"{self.issuer}/keys",
                id_token_signing_alg_values_supported=["RS256", "none"],
            )

        @app.get("/authorize")
        def authorize():
            self.asked.append(request.args.to_dict())
            grant = server.get_consent_grant(end_user=self.person)
            return server.create_authorization_response(grant_user=self.person, grant=grant)

        @app.post("/token")
        def token():
            return server.create_token_response()

        @app.get("/userinfo")
        def userinfo():
            person = self.tokens[request.headers["Authorization"].removeprefix("Bearer ")]
            return jsonify(sub=self.userinfo_sub or person.sub, **person.claims)

        @app.get("/keys")
        def keys():
            return jsonify(keys=[(self.published_key or self.key).as_dict(private=False)])

        return app


def code_grant(provider: Provider) -> type:
    class Grant(grants.AuthorizationCodeGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code, request):
            data = request.payload.data
            provider.codes[code] = Code(
                code,
                request.user,
                request.payload.redirect_uri,
                request.payload.scope,
                data["nonce"],
                data["code_challenge"],
                data["code_challenge_method"],
                provider.signed_on_at,
            )

        def query_authorization_code(self, code, client):
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code):
            del provider.codes[authorization_code.code]

        def authenticate_user(self, authorization_code):
            return authorization_code.user

    return Grant


def code_token(provider: Provider) -> type:
    class Token(OpenIDCode):
        def encode_id_token(self, token, request):
            signed = super().encode_id_token(token, request)
            return signed if provider.is_signing else without_signature(signed)

        def resolve_client_private_key(self, client):
            return provider.key

        def get_client_algorithm(self, client):
            return "RS256"

        def get_encode_header(self, client):
            return {"alg": "RS256", "kid": "1"}

        def get_client_claims(self, client):
            return {"iss": provider.issuer, "aud": provider.audience}

        def exists_nonce(self, nonce, request):
            return False

        def generate_user_info(self, user, scope):
            return UserInfo({"sub": user.sub} | provider._claims() | provider.twist)  # noqa: SLF001

    return Token


def without_signature(token: str) -> str:
    """The same claims in a token that says of itself that it has no signature (RFC 7519, section 6)."""
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    return f"{header}.{token.split('.')[1]}."
