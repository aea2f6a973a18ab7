"""Who calls: a program with a bearer token. Cookies are not looked at."""

from flask import g

from app.accounts import service, tokens
from app.errors import Forbidden, Unauthorized
from app.ops import callers
from app.records.accounts import ApiToken, Scope
from app.records.actors import AUTOMATION, Actor, ActorKind


def authenticate(scope: Scope) -> ApiToken:
    """Return the token of this request.

    Raises:
        Unauthorized: there is no usable token.
        Forbidden: the token doesn't cover ``scope``, or lacks the second factor that its person's role needs.

    """
    secret = callers.bearer()
    token = tokens.find(secret) if secret else None
    if secret:
        callers.note(secret, is_valid=token is not None)
    if token is None:
        raise Unauthorized("Send a valid API token as 'Authorization: Bearer …'.")
    if not tokens.allows(token, scope):
        raise Forbidden(f"This token doesn't have the scope {scope}.")
    tokens.check_factor(token)
    g.api_token = token
    return token


def current_token() -> ApiToken:
    """Return the token that was authenticated for this request."""
    token: ApiToken = g.api_token
    return token


def actor() -> Actor:
    """Return whom the timeline names: the token's person, the automation, or the token itself."""
    token = current_token()
    if token.created_by_id is not None:
        return Actor.person(service.get(token.created_by_id))
    if Scope.AUTOMATION in token.scopes:
        return AUTOMATION
    return Actor(ActorKind.SYSTEM, token.name)
