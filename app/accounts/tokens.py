"""API tokens: random, shown once, kept as a hash, with a scope and an end."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from app.clock import now
from app.database import transaction
from app.errors import Forbidden, InvalidInput, NotFound
from app.extensions import db
from app.records import audit
from app.records.account_entries import TokenCreated, TokenKept, TokenRevoked
from app.records.accounts import ApiToken, Role, Scope, User
from app.records.actors import SETTINGS, Actor
from app.text import entered
from contract import limits

log = structlog.get_logger()

MARK = "oims_"
SHOWN = 8
MAX_NAME = limits.PERSON
TOUCH_EVERY = timedelta(minutes=1)

INCLUDES = {
    Scope.WATCH: frozenset({Scope.WATCH}),
    Scope.READ: frozenset({Scope.WATCH, Scope.READ}),
    Scope.WRITE: frozenset({Scope.WATCH, Scope.READ, Scope.WRITE}),
    Scope.AUTOMATION: frozenset({Scope.WATCH, Scope.READ, Scope.AUTOMATION}),
    Scope.ADMIN: frozenset(Scope),
}

MAY_HAVE = {
    Role.VIEWER: frozenset({Scope.WATCH, Scope.READ}),
    Role.RESPONDER: frozenset({Scope.WATCH, Scope.READ, Scope.WRITE}),
    Role.ADMIN: frozenset(Scope),
}
"""What a person's own token can do, whatever scopes it once got: never more than the person."""


@dataclass(frozen=True)
class NewToken:
    """A token just made; ``secret`` is shown now and never again."""

    token: ApiToken
    secret: str


def create(
    *,
    name: str,
    scopes: Iterable[Scope],
    by: Actor,
    user_id: int | None = None,
    factor_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> NewToken:
    """Make a token: a program's, or with ``user_id`` a person's own, which acts in that person's name.

    ``factor_at`` is when the person proved a second factor in the session that makes it, if they did.

    Raises:
        InvalidInput: the name is empty or taken, or no scope is given.

    """
    secret = MARK + secrets.token_urlsafe(32)
    with transaction():
        token = _add(name=name, secret=secret, scopes=scopes, user_id=user_id, expires_at=expires_at)
        token.factor_at = factor_at
        audit.record(
            TokenCreated(token=token.id, scopes=token.scopes), by, f"API token {token.name} was made."
        )
    return NewToken(token, secret)


def keep(*, name: str, secret: str, scopes: Iterable[Scope]) -> None:
    """Make sure that the program's token has this secret; say so only on a change.

    It is known by its mark, never by its name. One that was revoked stays revoked until the settings have
    another secret: that is another token.

    Raises:
        InvalidInput: the secret is that of a person's token.

    """
    wanted = sorted(set(scopes))
    with transaction():
        token = db.session.scalar(select(ApiToken).where(ApiToken.token_hash == digest(secret)))
        if token is None:
            current = select(ApiToken).where(ApiToken.is_from_settings, ApiToken.revoked_at.is_(None))
            token = db.session.scalar(current.order_by(ApiToken.id.desc()).limit(1))
        if token is None:
            token = _add(name=_free(name), secret=secret, scopes=wanted, user_id=None, expires_at=None)
        elif token.created_by_id is not None:
            raise InvalidInput(f"The secret of the token {name} is that of a person's token: make another.")
        elif token.revoked_at is not None:
            log.warning("token_is_revoked", name=token.name, detail="Set another secret to have one again.")
            return
        elif token.token_hash == digest(secret) and token.scopes == wanted and token.is_from_settings:
            return
        token.token_hash, token.prefix = digest(secret), secret[:SHOWN]
        token.scopes, token.expires_at, token.is_from_settings = [*wanted], None, True
        audit.record(TokenKept(), SETTINGS, f"API token {token.name} was set from the settings.")


def _free(name: str) -> str:
    """Return the name, with a number where another token has it."""
    found, number = name, 2
    while db.session.scalar(select(ApiToken.id).where(ApiToken.name == found)) is not None:
        found, number = f"{name} {number}", number + 1
    return found


def revoke_all(user_id: int) -> None:
    """Switch off all tokens of a person."""
    with transaction():
        db.session.execute(
            update(ApiToken)
            .where(ApiToken.created_by_id == user_id, ApiToken.revoked_at.is_(None))
            .values(revoked_at=now())
        )


def revoke(name: str, *, by: Actor) -> ApiToken:
    """Switch a token off for good.

    Raises:
        NotFound: there is none with this name.

    """
    with transaction():
        token = db.session.scalar(select(ApiToken).where(ApiToken.name == name).with_for_update())
        if token is None:
            raise NotFound(f"There is no API token {name!r}.")
        token.revoked_at = token.revoked_at or now()
        audit.record(TokenRevoked(token=token.id), by, f"API token {name} was revoked.")
    return token


def all_tokens() -> Sequence[ApiToken]:
    """Return every token, by name."""
    return db.session.scalars(select(ApiToken).order_by(ApiToken.name)).all()


def of(user_id: int) -> Sequence[ApiToken]:
    """Return a person's own tokens, by name."""
    statement = select(ApiToken).where(ApiToken.created_by_id == user_id).order_by(ApiToken.name)
    return db.session.scalars(statement).all()


def get(token_id: int) -> ApiToken:
    """Return one token.

    Raises:
        NotFound: there is none with this id.

    """
    token = db.session.get(ApiToken, token_id)
    if token is None:
        raise NotFound("There is no such API token.")
    return token


def find(secret: str) -> ApiToken | None:
    """Return the token with this secret if it can be used now, and note that it was.

    The look-up is by the hash of a long random secret, so its time tells nothing about the secret.
    """
    moment = now()
    with_person = select(ApiToken).options(joinedload(ApiToken.created_by))
    token = db.session.scalar(with_person.where(ApiToken.token_hash == digest(secret)))
    if token is None or token.revoked_at is not None or (token.expires_at and token.expires_at <= moment):
        return None
    person = token.created_by
    if person is not None and (not person.is_active or _is_unvouched(person)):
        return None
    if token.last_used_at is None or moment - token.last_used_at > TOUCH_EVERY:
        with transaction():
            db.session.execute(update(ApiToken).where(ApiToken.id == token.id).values(last_used_at=moment))
    return token


def allows(token: ApiToken, scope: Scope) -> bool:
    """Say whether the token covers a scope, and whether its person may do so much."""
    person = token.created_by
    is_covered = any(scope in INCLUDES[Scope(held)] for held in token.scopes)
    return is_covered and (person is None or scope in MAY_HAVE[person.role])


def check_factor(token: ApiToken) -> None:
    """Refuse a person's token that was made without the second factor which the person's role needs now.

    Raises:
        Forbidden: it was.

    """
    person = token.created_by
    roles = current_app.config["SETTINGS"].second_factor_roles
    if person is not None and token.factor_at is None and person.role.value in roles:
        raise Forbidden("Your role needs a second factor; this token was made without one. Make another.")


def _is_unvouched(person: User) -> bool:
    """Say whether the provider has not vouched for this person lately: removal there ends tokens here."""
    settings = current_app.config["SETTINGS"]
    if not settings.oidc_issuer or person.oidc_subject is None:
        return False
    return person.signed_on_at is None or now() - person.signed_on_at > settings.oidc_token_age


def digest(secret: str) -> str:
    """Return the form in which a token is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _add(
    *, name: str, secret: str, scopes: Iterable[Scope], user_id: int | None, expires_at: datetime | None
) -> ApiToken:
    name = entered("name", name, MAX_NAME, required=True)
    held = sorted(set(scopes))
    if not held:
        raise InvalidInput(
            "Choose at least one scope.", [{"field": "scopes", "message": "Choose at least one."}]
        )
    if db.session.scalar(select(ApiToken.id).where(ApiToken.name == name)) is not None:
        message = f"There is an API token {name!r} already."
        raise InvalidInput(message, [{"field": "name", "message": message}])
    token = ApiToken(
        name=name,
        prefix=secret[:SHOWN],
        token_hash=digest(secret),
        scopes=[*held],
        created_by_id=user_id,
        expires_at=expires_at,
    )
    db.session.add(token)
    db.session.flush()
    return token
