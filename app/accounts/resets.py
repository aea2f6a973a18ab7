"""Replacing a forgotten password by a link: random, kept as a hash, valid for half an hour, used once."""

import hashlib
import secrets
from datetime import timedelta

from flask import current_app
from sqlalchemy import ColumnElement, delete, select, update

from app.accounts import password_login, passwords, service, throttle
from app.clock import now
from app.database import only_if, transaction
from app.errors import NotFound
from app.extensions import db
from app.notify import account_mails
from app.records import audit
from app.records.account_entries import PasswordResetAsked
from app.records.accounts import PasswordReset, User
from app.records.actors import SOMEBODY, Actor

VALID_FOR = timedelta(minutes=30)
DEAD = "This link has been used or has expired. Ask for a new one."


def ask(*, email: str, address: str) -> None:
    """Send a link to the account with this address, if there is one that is on.

    Whether there is can't be told from the answer or its time: both ways do the same work, a mail included,
    which for an unknown address is taken back before the commit.

    Raises:
        TooManyAttempts: links were asked for too often, for this address or from there.

    """
    email = email.strip().lower()
    brakes = (throttle.RESETS_PER_ACCOUNT, email), (throttle.RESETS_PER_NETWORK, throttle.network(address))
    throttle.take(throttle.Door.RESET, *brakes)
    secret = secrets.token_urlsafe(32)
    with transaction():
        user = service.by_email(email)
        usable = user if user is not None and _may_reset(user) else None
        db.session.add(
            PasswordReset(
                user_id=usable.id if usable else None,
                token_hash=_digest(secret),
                expires_at=now() + VALID_FOR,
            ),
        )
        link = f"{current_app.config['SETTINGS'].base_url}/password/reset/{secret}"
        with only_if(usable is not None):
            account_mails.password_reset(email, link=link, valid=VALID_FOR)
        audit.record(
            PasswordResetAsked(
                account=password_login.account_hash(email), user_id=usable.id if usable else None
            ),
            SOMEBODY,
            "A new password was asked for.",
        )


def _may_reset(user: User) -> bool:
    return user.is_active and password_login.may_use_password(user)


def owner(secret: str) -> User:
    """Return whose password the link replaces.

    Raises:
        NotFound: the link has been used, has expired, or never was one.

    """
    user = db.session.scalar(
        select(User).join(PasswordReset, PasswordReset.user_id == User.id).where(*_open(secret))
    )
    if user is None or not _may_reset(user):
        raise NotFound(DEAD)
    return user


def use(secret: str, *, new: str) -> User:
    """Set the new password; the link and all others of this person are worth nothing afterwards.

    Raises:
        NotFound: the link has been used, has expired, or never was one.
        InvalidInput: the password is weak; the link can still be used.

    """
    user = owner(secret)
    passwords.check_new(new, email=user.email, name=user.name)
    with transaction():
        used = db.session.execute(
            update(PasswordReset).where(*_open(secret)).values(used_at=now()).returning(PasswordReset.user_id)
        ).scalar()
        if used is None:
            raise NotFound(DEAD)
        user = service.get(used)
        password_login.set_password(user, new, by=Actor.person(user))
        user.email_confirmed_at = user.email_confirmed_at or now()
    return user


def delete_ended() -> None:
    """Remove links and decoys that can't be used any more."""
    with transaction():
        db.session.execute(delete(PasswordReset).where(PasswordReset.expires_at < now()))


def _open(secret: str) -> tuple[ColumnElement[bool], ...]:
    return (
        PasswordReset.token_hash == _digest(secret),
        PasswordReset.used_at.is_(None),
        PasswordReset.expires_at > now(),
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
