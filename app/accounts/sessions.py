"""Signed-in browsers. The cookie carries a random token; the database says whether it still counts."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Request, current_app, g, session
from flask_login import LoginManager, current_user, login_user, logout_user
from sqlalchemy import Select, Update, delete, select, update

from app.accounts import devices
from app.clock import now
from app.database import transaction
from app.extensions import db
from app.records import audit
from app.records.account_entries import Logout
from app.records.accounts import LoginSession, Proof, User
from app.records.actors import Actor

IDLE_LIMIT = timedelta(hours=12)
ABSOLUTE_LIMIT = timedelta(days=7)
TOUCH_EVERY = timedelta(minutes=5)
RECENT = timedelta(minutes=5)
"""How long a proof counts for a dangerous act."""


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in(
    user: User, request: Request, *, how: Proof = Proof.PASSWORD, factor_at: datetime | None = None
) -> None:
    """Start a session in this browser, which ``how`` proved to be the person's.

    Whatever session it had before is gone (no fixation). ``factor_at`` is when the person proved a second
    factor, if they did.
    """
    token = secrets.token_urlsafe(32)
    with transaction():
        db.session.add(
            LoginSession(
                token_hash=_digest(token),
                user_id=user.id,
                factor_at=factor_at,
                address=(request.remote_addr or "")[:64],
                user_agent=request.user_agent.string[:200],
                proved_at=now(),
                proved_by=how,
            ),
        )
    session.clear()
    g.pop("csrf_token", None)  # it was the old session's: a page of this answer needs one of the new session
    user.session_token, user.factor_at = token, factor_at
    login_user(user)
    devices.remember(user)


def prove(how: Proof) -> None:
    """Note that the person of this browser has just proved who they are."""
    with transaction():
        db.session.execute(_this(update(LoginSession)).values(proved_at=now(), proved_by=how))


def is_proved_within(period: timedelta) -> bool:
    """Say whether the person of this browser proved who they are, at most ``period`` ago.

    A proof from the future, after the clock was set back, is none: nobody knows how old it is.
    """
    at = db.session.scalar(_this(select(LoginSession.proved_at)))
    return at is not None and timedelta(0) <= now() - at <= period


def _this[S: (Select[Any], Update)](statement: S) -> S:
    return statement.where(LoginSession.token_hash == _digest(str(session.get("_user_id", ""))))


def sign_out() -> None:
    """End this browser's session on the server and in the browser."""
    token, user = session.get("_user_id"), current_user
    if token:
        with transaction():
            if user.is_authenticated:
                audit.record(Logout(user_id=user.id), Actor.person(user), f"{user.email} logged out.")
            db.session.execute(delete(LoginSession).where(LoginSession.token_hash == _digest(str(token))))
    logout_user()
    session.clear()


def sign_out_everywhere(user_id: int) -> None:
    """End all sessions of a person."""
    with transaction():
        db.session.execute(delete(LoginSession).where(LoginSession.user_id == user_id))


def end_this() -> None:
    """End this browser's session on the server; another one follows."""
    with transaction():
        digest = _digest(str(session.get("_user_id", "")))
        db.session.execute(delete(LoginSession).where(LoginSession.token_hash == digest))


def load(token: str) -> User | None:
    """Return the user of a running session, or nothing when it has ended, timed out or the account is off."""
    row = db.session.scalar(select(LoginSession).where(LoginSession.token_hash == _digest(token)))
    if row is None or not row.user.is_active:
        return None
    moment = now()
    if moment - row.last_seen_at > IDLE_LIMIT or moment - row.created_at > _longest(row.user):
        return None
    user = row.user
    if moment - row.last_seen_at > TOUCH_EVERY:
        with transaction():
            db.session.execute(
                update(LoginSession)
                .where(LoginSession.token_hash == _digest(token))
                .values(last_seen_at=moment),
            )
    user.session_token, user.factor_at = token, row.factor_at
    return user


def _longest(user: User) -> timedelta:
    """Return how long a session may be: who signs on by a provider has to do so again, or is gone there."""
    settings = current_app.config["SETTINGS"]
    if not settings.oidc_issuer or (user.oidc_subject is None and not settings.oidc_only):
        return ABSOLUTE_LIMIT
    limit: timedelta = settings.oidc_session_age
    return min(ABSOLUTE_LIMIT, limit)


def of(user_id: int) -> Sequence[LoginSession]:
    """Return a person's signed-in browsers, the one used last first."""
    statement = select(LoginSession).where(LoginSession.user_id == user_id)
    return db.session.scalars(statement.order_by(LoginSession.last_seen_at.desc(), LoginSession.id)).all()


def is_this(row: LoginSession) -> bool:
    """Say whether a session is the one of the browser that asks."""
    return row.token_hash == _digest(str(session.get("_user_id", "")))


def delete_ended() -> None:
    """Remove the rows of sessions that can't come back."""
    moment = now()
    with transaction():
        db.session.execute(
            delete(LoginSession).where(
                (LoginSession.last_seen_at < moment - IDLE_LIMIT)
                | (LoginSession.created_at < moment - ABSOLUTE_LIMIT),
            ),
        )


def init_app(manager: LoginManager) -> None:
    """Let Flask-Login find users through their session."""
    manager.session_protection = None
    manager.user_loader(load)
