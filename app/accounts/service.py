"""The use cases of accounts: make one, change a name, a role or a status; and looking one up."""

from collections.abc import Sequence
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import select

from app.accounts import credentials, names, passwords
from app.accounts.factors import service as factors
from app.database import transaction
from app.errors import InvalidInput, NotFound
from app.extensions import db
from app.notify import account_mails
from app.records import audit
from app.records.account_entries import RoleChanged, SignedOut, StatusChanged, UserCreated, UserRenamed
from app.records.accounts import Role, User, UserStatus
from app.records.actors import Actor


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
        audit.record(UserCreated(user_id=user.id), Actor.person(user), summary)
        if status is UserStatus.PENDING:
            for admin in _admins():
                account_mails.account_waiting(admin, user)
    return user


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
            audit.record(UserRenamed(user_id=user.id), old, f"{user.email} is called {name} now.")


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
            audit.record(RoleChanged(user_id=user.id), by, f"{user.email}: role {old} became {role}.")
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
            audit.record(StatusChanged(user_id=user.id), by, f"{user.email}: {old} became {status}.")
        if old is UserStatus.PENDING and status is UserStatus.ACTIVE:
            account_mails.account_active(user)
    return user


def sign_out(user_id: int, *, by: Actor) -> None:
    """End all sessions and API tokens of a person."""
    with transaction():
        user = get(user_id)
        credentials.end_access(user)
        summary = f"All browsers of {user.email} were logged out by {by.name}, and its API tokens ended."
        audit.record(SignedOut(user_id=user.id), by, summary)


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
