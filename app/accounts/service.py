"""The use cases of accounts: register, log in, change a name, a password, a role or a status."""

import hmac
from collections.abc import Sequence
from zoneinfo import available_timezones

import structlog
from email_validator import EmailNotValidError, validate_email
from flask import current_app
from sqlalchemy import select

from app.accounts import credentials, names, passwords, throttle
from app.accounts.devices import Device
from app.accounts.factors import service as factors
from app.accounts.models import Role, User, UserStatus
from app.clock import now
from app.database import transaction
from app.errors import InvalidInput, NotFound, Unauthorized, Unavailable
from app.extensions import db
from app.incidents.actors import SOMEBODY, Actor
from app.notify import letters
from app.ops import audit

ENDED = (
    "This initial password has ended: it was good for 24 hours. On the server, set a new one with "
    "`python -m app user password {email}`."
)

log = structlog.get_logger()


def register(
    *, email: str, name: str, password: str, status: UserStatus, role: Role = Role.RESPONDER
) -> User:
    """Make an account.

    Raises:
        InvalidInput: the address is malformed or taken, the name is empty, or the password is weak.

    """
    email = normal_address(email)
    names.usable(name, email=email)
    passwords.check_new(password, email=email, name=name)
    hashed = passwords.hash_password(password)
    return add(email=email, name=name, password_hash=hashed, status=status, role=role)


def add(*, email: str, name: str, password_hash: str | None, status: UserStatus, role: Role) -> User:
    """Store a new account; administrators hear of one that waits for approval.

    Raises:
        InvalidInput: the address is malformed or taken, or the name is.

    """
    email = normal_address(email)
    with transaction():
        name = names.usable(name, email=email)
        if by_email(email) is not None:
            message = "There is an account with this address already."
            raise InvalidInput(message, [{"field": "email", "message": message}])
        user = User(email=email, name=name, password_hash=password_hash, role=role, status=status)
        user.name_key = names.key(name)
        db.session.add(user)
        db.session.flush()
        summary = f"Account {email} was made, {status}, role {role}."
        audit.record("user_created", Actor.person(user), summary, user_id=user.id)
        if status is UserStatus.PENDING:
            for admin in _admins():
                letters.account_waiting(admin, user)
    return user


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
    user = by_email(email)
    is_known = device is not None and user is not None and user.id in device.users
    brakes = throttle.log_in(email, address, device.name if device and is_known else "")
    stored = user.password_hash if user else None
    fits = _fits(throttle.Door.LOGIN, brakes, stored, password)
    if not fits or user is None or not user.is_active or not may_use_password(user):
        log.warning("login_failed", address=address)
        with transaction():
            summary = "A log-in failed."
            audit.record("login_failed", SOMEBODY, summary, account=account_hash(email), address=address)
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
        audit.record("login", Actor.person(user), summary, user_id=user.id, address=address)
    return user


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


def account_hash(email: str) -> str:
    """Return what stands for an address that was typed: it may be a password, or nobody's business."""
    key = current_app.config["SECRET_KEY"].encode()
    return hmac.new(key, email.strip().lower().encode("utf-8", "replace"), "sha256").hexdigest()[:16]


def may_use_password(user: User) -> bool:
    """Say whether a password opens this account: where single sign-on is enforced, only in an emergency."""
    return not current_app.config["SETTINGS"].oidc_only or user.is_break_glass


def _has_ended(user: User) -> bool:
    return user.password_expires_at is not None and user.password_expires_at <= now()


def change_profile(user_id: int, *, name: str, timezone: str) -> None:
    """Change the name by which others see a person, and the time zone in which they see times.

    Raises:
        InvalidInput: the name is empty, or there is no such time zone.

    """
    if timezone not in available_timezones():
        message = "There is no time zone of this name."
        raise InvalidInput(message, [{"field": "timezone", "message": message}])
    with transaction():
        user = get(user_id)
        name = names.usable(name, email=user.email, user_id=user.id)
        user.timezone = timezone
        old = Actor.person(user)
        user.name, user.name_key = name, names.key(name)
        if old.name != name:
            audit.record("user_renamed", old, f"{user.email} is called {name} now.", user_id=user.id)


def change_password(user_id: int, *, current: str, new: str) -> None:
    """Set a new password; all sessions and API tokens of the person end.

    The caller signs this browser in again.

    Raises:
        TooManyAttempts: the current password was guessed at too often.
        InvalidInput: the current password is wrong or the new one is weak.

    """
    user = get(user_id)
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
        audit.record("password_changed", by, f"The password of {user.email} was changed.", user_id=user.id)
        letters.password_changed(user)


def change_role(user_id: int, *, role: Role, by: Actor) -> User:
    """Give a person another role.

    Raises:
        InvalidInput: nobody would be left who can administer.

    """
    with transaction():
        admins = _admins()
        user = get(user_id)
        old, user.role = user.role, role
        _keep_one(admins)
        if old is not role:
            audit.record("role_changed", by, f"{user.email}: role {old} became {role}.", user_id=user.id)
    return user


def change_status(user_id: int, *, status: UserStatus, by: Actor) -> User:
    """Approve, switch off or switch on an account; one that is off has no sessions and no API tokens.

    Raises:
        InvalidInput: nobody would be left who can administer.

    """
    with transaction():
        admins = _admins()
        user = get(user_id)
        old, user.status = user.status, status
        _keep_one(admins)
        if status is not UserStatus.ACTIVE:
            credentials.end_access(user)
            factors.forget(user.id)
        if old is not status:
            audit.record("status_changed", by, f"{user.email}: {old} became {status}.", user_id=user.id)
        if old is UserStatus.PENDING and status is UserStatus.ACTIVE:
            letters.account_active(user)
    return user


def sign_out(user_id: int, *, by: Actor) -> None:
    """End all sessions and API tokens of a person."""
    with transaction():
        user = get(user_id)
        credentials.end_access(user)
        summary = f"All browsers of {user.email} were logged out by {by.name}, and its API tokens ended."
        audit.record("signed_out", by, summary, user_id=user.id)


def _admins() -> Sequence[User]:
    """Return the people who administer, locked: two of them can't switch each other off at once."""
    statement = select(User).where(User.role == Role.ADMIN, User.status == UserStatus.ACTIVE)
    return db.session.scalars(statement.order_by(User.id).with_for_update()).all()


def _keep_one(admins: Sequence[User]) -> None:
    if admins and not any(user.role is Role.ADMIN and user.is_active for user in admins):
        raise InvalidInput("This is the last administrator. Give somebody else the role first.")


def is_new() -> bool:
    """Say whether there is no account yet."""
    return db.session.scalar(select(User.id).limit(1)) is None


def everybody() -> Sequence[User]:
    """Return all accounts: those that wait first, then by name."""
    users = db.session.scalars(select(User).order_by(User.name, User.id)).all()
    return sorted(users, key=lambda user: user.status is not UserStatus.PENDING)


def get(user_id: int) -> User:
    """Return one user.

    Raises:
        NotFound: there is none with this id.

    """
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFound("There is no such user.")
    return user


def by_email(email: str) -> User | None:
    """Return the user with this address, in any case of letters."""
    return db.session.scalar(select(User).where(User.email == email.strip().lower()))


def known(email: str) -> User:
    """Return the user with this address.

    Raises:
        NotFound: there is none.

    """
    user = by_email(email)
    if user is None:
        raise NotFound(f"There is no account {email}.")
    return user


def assignable() -> Sequence[User]:
    """Return the people who can own an incident, by name."""
    statement = select(User).where(User.status == UserStatus.ACTIVE).order_by(User.name)
    return [user for user in db.session.scalars(statement) if user.role.includes(Role.RESPONDER)]


def normal_address(email: str) -> str:
    """Return an address in the form it is stored in.

    Raises:
        InvalidInput: it is not a mail address.

    """
    try:
        checked = validate_email(email.strip(), check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        message = "This is not a mail address."
        raise InvalidInput(message, [{"field": "email", "message": message}]) from None
    return checked.normalized.lower()
