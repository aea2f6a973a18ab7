"""Inviting people: a link that makes one account of a given role, valid for a week, used once."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import current_app
from sqlalchemy import ColumnElement, select, update

from app.accounts import passwords, service
from app.accounts.models import Invitation, Role, User, UserStatus
from app.clock import now
from app.database import transaction
from app.errors import InvalidInput, NotFound
from app.extensions import db
from app.notify import letters
from app.ops import audit

VALID_FOR = timedelta(days=7)
DEAD = "This invitation has been used, withdrawn or has expired. Ask for a new one."


@dataclass(frozen=True)
class NewInvitation:
    """An invitation just made. ``link`` is shown where mail is off, so that it can be handed over."""

    invitation: Invitation
    link: str


def invite(*, email: str, role: Role, by: str) -> NewInvitation:
    """Invite somebody; an earlier invitation of the same address is withdrawn.

    Raises:
        InvalidInput: the address is malformed, or has an account.

    """
    email = service.normal_address(email)
    secret = secrets.token_urlsafe(32)
    link = f"{current_app.config['SETTINGS'].base_url}/invitation/{secret}"
    with transaction():
        if service.by_email(email) is not None:
            message = "There is an account with this address already."
            raise InvalidInput(message, [{"field": "email", "message": message}])
        db.session.execute(
            update(Invitation).where(Invitation.email == email, *_waiting()).values(revoked_at=now())
        )
        mail = letters.invitation(email, invited_by=by, role=role, link=link, valid=VALID_FOR)
        invitation = Invitation(
            email=email,
            role=role,
            token_hash=_digest(secret),
            invited_by=by,
            mail_id=mail.id if mail else None,
            expires_at=now() + VALID_FOR,
        )
        db.session.add(invitation)
        audit.record("invited", by, f"{email} was invited as {role}.")
    return NewInvitation(invitation, link)


def waiting() -> Sequence[Invitation]:
    """Return the invitations that can still be accepted, newest first."""
    return db.session.scalars(select(Invitation).where(*_waiting()).order_by(Invitation.id.desc())).all()


def find(secret: str) -> Invitation:
    """Return the invitation a link belongs to.

    Raises:
        NotFound: it can't be accepted any more, or never was one.

    """
    statement = select(Invitation).where(Invitation.token_hash == _digest(secret), *_waiting())
    invitation = db.session.scalar(statement)
    if invitation is None:
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
        return service.register(
            email=accepted.email,
            name=name,
            password=password,
            status=UserStatus.ACTIVE,
            role=accepted.role,
        )


def withdraw(invitation_id: int, *, by: str) -> None:
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
        audit.record("invitation_withdrawn", by, f"The invitation of {email} was withdrawn.")


def _waiting() -> tuple[ColumnElement[bool], ...]:
    return Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > now()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
