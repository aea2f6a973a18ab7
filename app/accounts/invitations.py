"""Links that make one account each, by mail, valid for a week, used once.

Administrators invite people with a role. Where registration is open or needs approval, people invite
themselves: an address counts as theirs only when the link in its mail was followed.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app
from sqlalchemy import ColumnElement, select, update

from app.accounts import password_login, passwords, service, throttle
from app.clock import now
from app.database import only_if, transaction
from app.errors import InvalidInput, NotFound
from app.extensions import db
from app.notify import account_mails
from app.records import audit
from app.records.account_entries import InvitationWithdrawn, Invited, RegistrationAsked
from app.records.accounts import Invitation, Role, User, UserStatus
from app.records.actors import SOMEBODY, Actor

VALID_FOR = timedelta(days=7)
DEAD = "This invitation has been used, withdrawn or has expired. Ask for a new one."
ONESELF = ""
"""Who invited somebody that registers."""


@dataclass(frozen=True)
class NewInvitation:
    """An invitation just made. ``link`` is shown where mail is off, so that it can be handed over."""

    invitation: Invitation
    link: str


def invite(*, email: str, role: Role, by: Actor) -> NewInvitation:
    """Invite somebody; an earlier invitation of the same address is withdrawn.

    Raises:
        InvalidInput: the address is malformed, or has an account.

    """
    email = service.normal_address(email)
    with transaction():
        if service.by_email(email) is not None:
            message = "There is an account with this address already."
            raise InvalidInput(message, [{"field": "email", "message": message}])
        _withdraw_older(Invitation.email == email)
        made = _add(email, role, by)
        mail = account_mails.invitation(email, invited_by=by.name, role=role, link=made.link, valid=VALID_FOR)
        made.invitation.mail_id = mail.id if mail else None
        audit.record(Invited(), by, f"{email} was invited as {role}.")
    return made


def register(*, email: str, address: str) -> None:
    """Send somebody the link that makes their account; who has one is told so, by mail as well.

    Whether there is an account can't be told from the answer or its time: both ways do the same work, two
    mails and an invitation, of which those that don't belong are taken back before the commit.

    Raises:
        InvalidInput: the address is malformed.
        TooManyAttempts: links were asked for too often, for this address or from there.

    """
    email = service.normal_address(email)
    place = throttle.network(address)
    brakes = (throttle.REGISTRATIONS_PER_ACCOUNT, email), (throttle.REGISTRATIONS_PER_NETWORK, place)
    throttle.take(throttle.Door.REGISTRATION, *brakes)
    with transaction():
        is_new = service.by_email(email) is None
        with only_if(not is_new):
            account_mails.account_exists(email)
        with only_if(is_new):
            _withdraw_older(Invitation.email == email, Invitation.invited_by == ONESELF)
            made = _add(email, Role.RESPONDER)
            account_mails.registration(email, link=made.link, valid=VALID_FOR)
        summary, account = "An account was asked for.", password_login.account_hash(email)
        audit.record(RegistrationAsked(account=account, address=address), SOMEBODY, summary)


def who_may_register() -> str:
    """Return `open`, `approval` or `closed`, for accounts with a password.

    Nobody may where single sign-on is enforced, or links accounts by addresses that no mail confirms.
    """
    settings = current_app.config["SETTINGS"]
    is_unsafe = settings.oidc_only or (settings.oidc_issuer and not settings.smtp_host)
    return "closed" if is_unsafe else str(settings.registration)


def waiting() -> Sequence[Invitation]:
    """Return the invitations by administrators that can still be accepted, newest first."""
    by_others = select(Invitation).where(Invitation.invited_by != ONESELF, *_waiting())
    return db.session.scalars(by_others.order_by(Invitation.id.desc())).all()


def find(secret: str) -> Invitation:
    """Return the invitation a link belongs to.

    Raises:
        NotFound: it can't be accepted any more, or never was one.

    """
    statement = select(Invitation).where(Invitation.token_hash == _digest(secret), *_waiting())
    invitation = db.session.scalar(statement)
    if invitation is None or (invitation.is_own and who_may_register() == "closed"):
        raise NotFound(DEAD)
    return invitation


def accept(secret: str, *, name: str, password: str) -> User:
    """Make the invited person's account; the link is worth nothing afterwards.

    Raises:
        NotFound: it can't be accepted any more, or never was one.
        InvalidInput: name or password can't be used; the link still can.

    """
    passwords.check_new(password, email=find(secret).email, name=name)
    with transaction():
        accepted = db.session.scalar(
            update(Invitation)
            .where(Invitation.token_hash == _digest(secret), *_waiting())
            .values(accepted_at=now())
            .returning(Invitation),
        )
        if accepted is None:
            raise NotFound(DEAD)
        waits = accepted.is_own and who_may_register() == "approval"
        user = service.register(
            email=accepted.email,
            name=name,
            password=password,
            status=UserStatus.PENDING if waits else UserStatus.ACTIVE,
            role=accepted.role,
        )
        if accepted.is_own or accepted.mail_id is not None:
            user.email_confirmed_at = now()
        return user


def redeem(email: str) -> Role | None:
    """Use the invitation of somebody who signs on by a provider; return its role, nothing if there is none.

    Needs a transaction().
    """
    by_others = (Invitation.email == email.lower(), Invitation.invited_by != ONESELF, *_waiting())
    statement = update(Invitation).where(*by_others).values(accepted_at=now())
    return db.session.scalar(statement.returning(Invitation.role))


def withdraw(invitation_id: int, *, by: Actor) -> None:
    """Make an invitation worthless.

    Raises:
        NotFound: none is waiting with this id.

    """
    with transaction():
        email = db.session.scalar(
            update(Invitation)
            .where(Invitation.id == invitation_id, *_waiting())
            .values(revoked_at=now())
            .returning(Invitation.email),
        )
        if email is None:
            raise NotFound("No such invitation is waiting.")
        audit.record(InvitationWithdrawn(), by, f"The invitation of {email} was withdrawn.")


def _add(email: str, role: Role, by: Actor | None = None) -> NewInvitation:
    secret = secrets.token_urlsafe(32)
    invitation = Invitation(
        email=email,
        role=role,
        token_hash=_digest(secret),
        invited_by=by.name if by else ONESELF,
        invited_by_id=by.user_id if by else None,
        invited_by_email=by.email if by else None,
        expires_at=now() + VALID_FOR,
    )
    db.session.add(invitation)
    return NewInvitation(invitation, f"{current_app.config['SETTINGS'].base_url}/invitation/{secret}")


def _withdraw_older(*which: ColumnElement[bool]) -> None:
    db.session.execute(update(Invitation).where(*which, *_waiting()).values(revoked_at=now()))


def _waiting() -> tuple[ColumnElement[bool], ...]:
    return Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > now()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
