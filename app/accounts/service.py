"""The use cases of accounts: register, log in, change a name, a password, a role or a status."""

from collections.abc import Sequence
from zoneinfo import available_timezones

import structlog
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select

from app.accounts import passwords, sessions, throttle
from app.accounts.factors import service as factors
from app.accounts.models import Role, User, UserStatus
from app.clock import now
from app.database import transaction
from app.errors import InvalidInput, NotFound, Unauthorized
from app.extensions import db
from app.notify import letters
from app.ops import audit
from app.text import entered
from contract import limits

MAX_NAME = limits.PERSON

log = structlog.get_logger()


def register(
    *, email: str, name: str, password: str, status: UserStatus, role: Role = Role.RESPONDER
) -> User:
    """Make an account.

    Raises:
        InvalidInput: the address is malformed or taken, the name is empty, or the password is weak.

    """
    email, name = normal_address(email), normal_name(name)
    passwords.check_new(password, email=email, name=name)
    hashed = passwords.hash_password(password)
    return add(email=email, name=name, password_hash=hashed, status=status, role=role)


def add(*, email: str, name: str, password_hash: str | None, status: UserStatus, role: Role) -> User:
    """Store a new account; administrators hear of one that waits for approval.

    Raises:
        InvalidInput: the address is malformed or taken.

    """
    email, name = normal_address(email), " ".join(name.split())[:MAX_NAME]
    with transaction():
        if by_email(email) is not None:
            message = "There is an account with this address already."
            raise InvalidInput(message, [{"field": "email", "message": message}])
        user = User(email=email, name=name, password_hash=password_hash, role=role, status=status)
        db.session.add(user)
        db.session.flush()
        audit.record(
            "user_created", name, f"Account {email} was made, {status}, role {role}.", user_id=user.id
        )
        if status is UserStatus.PENDING:
            for admin in _admins():
                letters.account_waiting(admin, user)
    return user


def authenticate(*, email: str, password: str, address: str) -> User:
    """Return the user whose address and password these are.

    The answer and its time are the same for unknown people, wrong passwords and accounts that are off.

    Raises:
        TooManyAttempts: too many failures for this account or from this address.
        Unauthorized: they don't fit.

    """
    email = email.strip().lower()
    brakes = throttle.log_in(email, address)
    throttle.check(*brakes)
    user = by_email(email)
    stored = user.password_hash if user else None
    if not passwords.matches(stored, password) or user is None or not user.is_active:
        throttle.count(*brakes)
        log.warning("login_failed", address=address)
        raise Unauthorized("Address and password don't fit together, or the account is not active.")
    fresh = passwords.hash_password(password) if stored and passwords.is_outdated(stored) else None
    with transaction():
        user.last_login_at = now()
        if fresh:
            user.password_hash = fresh
        audit.record("login", user.name, f"{user.email} logged in.", user_id=user.id, address=address)
    return user


def change_profile(user_id: int, *, name: str, timezone: str) -> None:
    """Change the name by which others see a person, and the time zone in which they see times.

    Raises:
        InvalidInput: the name is empty, or there is no such time zone.

    """
    name = normal_name(name)
    if timezone not in available_timezones():
        message = "There is no time zone of this name."
        raise InvalidInput(message, [{"field": "timezone", "message": message}])
    with transaction():
        user = get(user_id)
        user.timezone = timezone
        old, user.name = user.name, name
        if old != name:
            audit.record("user_renamed", old, f"{user.email} is called {name} now.", user_id=user.id)


def change_password(user_id: int, *, current: str, new: str, address: str) -> None:
    """Set a new password; all sessions of the person end, the caller signs this browser in again.

    Raises:
        TooManyAttempts: the current password was guessed at too often.
        InvalidInput: the current password is wrong or the new one is weak.

    """
    user = get(user_id)
    check_password(user, current, address=address)
    set_password(user, new, by=user.name)


def check_password(user: User, given: str, *, address: str) -> None:
    """See that somebody who is logged in knows the password.

    Raises:
        TooManyAttempts: it was guessed at too often.
        InvalidInput: it is wrong; the field is ``current``.

    """
    brakes = throttle.log_in(user.email, address)
    throttle.check(*brakes)
    if not passwords.matches(user.password_hash, given):
        throttle.count(*brakes)
        message = "This is not your current password."
        raise InvalidInput(message, [{"field": "current", "message": message}])


def set_password(user: User, new: str, *, by: str) -> None:
    """Set a password without asking for the old one, and end all sessions of the person.

    Raises:
        InvalidInput: the password is weak.

    """
    passwords.check_new(new, email=user.email, name=user.name)
    hashed = passwords.hash_password(new)
    with transaction():
        user.password_hash = hashed
        sessions.sign_out_everywhere(user.id)
        audit.record("password_changed", by, f"The password of {user.email} was changed.", user_id=user.id)
        letters.password_changed(user)


def change_role(user_id: int, *, role: Role, by: str) -> User:
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


def change_status(user_id: int, *, status: UserStatus, by: str) -> User:
    """Approve, switch off or switch on an account; one that is off has no sessions.

    Raises:
        InvalidInput: nobody would be left who can administer.

    """
    with transaction():
        admins = _admins()
        user = get(user_id)
        old, user.status = user.status, status
        _keep_one(admins)
        if status is not UserStatus.ACTIVE:
            sessions.sign_out_everywhere(user.id)
            factors.forget(user.id)
        if old is not status:
            audit.record("status_changed", by, f"{user.email}: {old} became {status}.", user_id=user.id)
        if old is UserStatus.PENDING and status is UserStatus.ACTIVE:
            letters.account_active(user)
    return user


def sign_out(user_id: int, *, by: str) -> None:
    """End all sessions of a person."""
    with transaction():
        user = get(user_id)
        sessions.sign_out_everywhere(user.id)
        audit.record(
            "signed_out", by, f"All browsers of {user.email} were logged out by {by}.", user_id=user.id
        )


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


def normal_name(name: str) -> str:
    """Return a name on one line.

    Raises:
        InvalidInput: there is nothing left of it, or it is too long.

    """
    return entered("name", " ".join(name.split()), MAX_NAME, required=True)


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
