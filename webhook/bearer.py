"""Who may: a request's bearer token (RFC 6750)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from webhook.credentials import Credential
from webhook.errors import RefusedError


def authorize(environ: Mapping[str, Any], wanted: Credential, *, other: Credential) -> None:
    """Let a request with the wanted token pass; tell one with the other token that it has another purpose.

    Raises RefusedError.
    """
    scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    presented = token.strip().encode("latin-1") if scheme.lower() == "bearer" else b""
    if wanted.matches(presented):
        return
    if other.matches(presented):
        raise RefusedError(HTTPStatus.FORBIDDEN, "forbidden", "this token is for another purpose")
    raise RefusedError(
        HTTPStatus.UNAUTHORIZED,
        "unauthorized",
        "send the header Authorization: Bearer <token> with the right token",
        headers={"WWW-Authenticate": 'Bearer realm="oims-webhook"'},
    )
