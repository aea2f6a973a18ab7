"""People whom a single sign-on provider vouches for, and the accounts they get."""

from dataclasses import dataclass

import structlog
from sqlalchemy import select

from app.accounts import credentials, invitations, names, service
from app.clock import now
from app.config import Settings
from app.database import transaction
from app.errors import Forbidden
from app.extensions import db
from app.records import audit
from app.records.account_entries import AccountLinked, Login, RoleChanged
from app.records.accounts import Role, User, UserStatus
from app.records.actors import SINGLE_SIGN_ON, Actor

log = structlog.get_logger()


@dataclass(frozen=True)
class Identity:
    """Who somebody is, as the provider says. ``email`` is empty unless the provider has verified it."""

    issuer: str
    subject: str
    email: str
    name: str
    groups: frozenset[str]


def admit(identity: Identity, settings: Settings, *, address: str) -> User:
    """Return the account of this person, made or linked by the verified address when it is the first time.

    1. Somebody who came before is known by issuer and subject, whatever the address is now.
    2. A verified address that has an account links the two.
       Unless a mail has confirmed that the address is its owner's, all that opened the account ends.
    3. Otherwise an account is made: by an invitation, where groups give roles by those, else as
       OIMS_REGISTRATION says.

    Raises:
        Forbidden: the person has no account and may not get one, no group that gives a role, or is off.

    """
    role = _role(identity, settings)
    with transaction():
        user = _known(identity) or _linked(identity) or _made(identity, settings, role)
        if role is not None and user.role is not role:
            audit.record(
                RoleChanged(user_id=user.id), SINGLE_SIGN_ON, f"{user.email}: role {user.role} became {role}."
            )
            user.role = role
        if user.is_active:
            user.last_login_at = user.signed_on_at = now()
            summary = f"{user.email} logged in by single sign-on."
            audit.record(Login(user_id=user.id, address=address), Actor.person(user), summary)
    if user.status is UserStatus.PENDING:
        raise Forbidden("Your account waits for approval by an administrator.")
    if not user.is_active:
        raise Forbidden("Your account is off. An administrator can switch it on.")
    return user


def _role(identity: Identity, settings: Settings) -> Role | None:
    """Return the highest role the person's groups give, or nothing where groups give none at all.

    Raises:
        Forbidden: groups give the roles here, and none of the person's does.

    """
    if not settings.oidc_role_claim:
        return None
    given = [Role(role) for group, role in settings.oidc_roles.items() if group in identity.groups]
    if not given:
        log.warning("oidc_no_role")
        raise Forbidden("None of your groups may use OIMS. Ask whoever looks after your groups.")
    return max(given, key=list(Role).index)


def _known(identity: Identity) -> User | None:
    statement = select(User).where(User.oidc_issuer == identity.issuer, User.oidc_subject == identity.subject)
    return db.session.scalar(statement)


def _linked(identity: Identity) -> User | None:
    user = service.by_email(identity.email) if identity.email else None
    if user is None or user.oidc_subject is not None:
        return None
    user.oidc_issuer, user.oidc_subject = identity.issuer, identity.subject
    summary = f"{user.email} is linked to single sign-on."
    if user.email_confirmed_at is None:
        # Anybody may have made this account: what it was opened by, and the name, are theirs.
        credentials.end_all(user)
        user.name = names.free(identity.name or user.email, email=user.email, user_id=user.id)
        user.name_key = names.key(user.name)
        summary += " Its address was never confirmed by mail: its password, sessions and API tokens ended."
    audit.record(AccountLinked(user_id=user.id), SINGLE_SIGN_ON, summary)
    return user


def _made(identity: Identity, settings: Settings, role: Role | None) -> User:
    if not identity.email:
        raise Forbidden("Your identity provider hasn't verified your email address, so we can't sign you in.")
    if service.by_email(identity.email) is not None:
        raise Forbidden("Your address belongs to an account that is linked to somebody else.")
    invited_as = invitations.redeem(identity.email)
    if role is None and invited_as is None and settings.registration == "closed":
        raise Forbidden("You have no account here. An administrator can invite you.")
    waits = role is None and invited_as is None and settings.registration == "approval"
    user = service.add(
        email=identity.email,
        name=names.free(identity.name or identity.email, email=identity.email.lower()),
        password_hash=None,
        status=UserStatus.PENDING if waits else UserStatus.ACTIVE,
        role=role or invited_as or Role.RESPONDER,
    )
    user.oidc_issuer, user.oidc_subject = identity.issuer, identity.subject
    return user
