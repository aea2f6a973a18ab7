"""The password as a way in: log in with it, prove it again, change it."""

import hmac

import structlog
from flask import current_app

from app.accounts import credentials, passwords, service, throttle
from app.accounts.devices import Device
from app.clock import now
from app.database import transaction
from app.errors import InvalidInput, Unauthorized, Unavailable
from app.notify import account_mails
from app.records import audit
from app.records.account_entries import Login, LoginFailed, PasswordChanged
from app.records.accounts import User
from app.records.actors import SOMEBODY, Actor

ENDED = (
    "This initial password has ended: it was good for 24 hours. On the server, set a new one with "
    "`python -m app user password {email}`."
)

log = structlog.get_logger()


def authenticate(*, email: str, password: str, address: str, device: Device | None = None) -> User:
    """Return the user whose address and password these are; ``device`` is the browser, if it is known.

    The answer and its time are the same for unknown people, wrong passwords and accounts that are off, or
    that have to use single sign-on.

    Raises:
        TooManyAttempts: too many failures for this account, from this browser or network.
        Unavailable: too many passwords are being compared at this moment.
        Unauthorized: they don't fit, or fit an initial password that has ended.

    """
    email = email.strip().lower()
    user = service.by_email(email)
    is_known = device is not None and user is not None and user.id in device.users
    brakes = throttle.log_in(email, address, device.name if device and is_known else "")
    stored = user.password_hash if user else None
    fits = _fits(throttle.Door.LOGIN, brakes, stored, password)
    if not fits or user is None or not user.is_active or not may_use_password(user):
        log.warning("login_failed", address=address)
        with transaction():
            summary = "A log-in failed."
            audit.record(LoginFailed(account=account_hash(email), address=address), SOMEBODY, summary)
        raise Unauthorized("Address and password don't fit together, or the account is not active.")
    throttle.give_back(*brakes)
    if _has_ended(user):
        raise Unauthorized(ENDED.format(email=user.email))
    fresh = passwords.hash_password(password) if stored and passwords.is_outdated(stored) else None
    with transaction():
        user.last_login_at = now()
        if fresh:
            user.password_hash = fresh
        summary = f"{user.email} logged in."
        audit.record(Login(user_id=user.id, address=address), Actor.person(user), summary)
    return user


def account_hash(email: str) -> str:
    """Return what stands for an address that was typed: it may be a password, or nobody's business."""
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, email.strip().lower().encode("utf-8", "replace"), "sha256").hexdigest()[:16]


def may_use_password(user: User) -> bool:
    """Say whether a password opens this account: where single sign-on is enforced, only in an emergency."""
    return not current_app.config["SETTINGS"].oidc_only or user.is_break_glass


def change_password(user_id: int, *, current: str, new: str) -> None:
    """Set a new password; all sessions and API tokens of the person end.

    The caller signs this browser in again.

    Raises:
        TooManyAttempts: the current password was guessed at too often.
        InvalidInput: the current password is wrong or the new one is weak.

    """
    user = service.get(user_id)
    check_password(user, current)
    set_password(user, new, by=Actor.person(user))


def check_password(user: User, given: str) -> None:
    """See that somebody who is logged in knows the password.

    Raises:
        TooManyAttempts: it was guessed at too often in this session.
        Unavailable: too many passwords are being compared at this moment.
        InvalidInput: it is wrong; the field is ``current``.

    """
    brakes = ((throttle.PER_SESSION, f"{user.email} {user.session_token}"),)
    message = ""
    if not _fits(throttle.Door.CONFIRMATION, brakes, user.password_hash, given):
        message = "This is not your current password."
    elif _has_ended(user):
        message = ENDED.format(email=user.email)
    if message:
        raise InvalidInput(message, [{"field": "current", "message": message}])
    throttle.give_back(*brakes)


def set_password(user: User, new: str, *, by: Actor, is_break_glass: bool = False) -> None:
    """Set a password without asking for the old one, and end all sessions and API tokens of the person.

    ``is_break_glass`` lets it open the account where single sign-on is enforced.

    Raises:
        InvalidInput: the password is weak.

    """
    passwords.check_new(new, email=user.email, name=user.name)
    hashed = passwords.hash_password(new)
    with transaction():
        user.password_hash, user.password_expires_at = hashed, None
        user.is_break_glass = user.is_break_glass or is_break_glass
        credentials.end_access(user)
        audit.record(PasswordChanged(user_id=user.id), by, f"The password of {user.email} was changed.")
        account_mails.password_changed(user)


def _fits(
    door: throttle.Door, brakes: tuple[throttle.Subject, ...], stored: str | None, password: str
) -> bool:
    """Compare a password under its brakes: a token is taken first; on success the caller gives it back."""
    throttle.take(door, *brakes)
    try:
        return passwords.matches(stored, password)
    except Unavailable:
        throttle.give_back(*brakes)
        raise


def _has_ended(user: User) -> bool:
    return user.password_expires_at is not None and user.password_expires_at <= now()
