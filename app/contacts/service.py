"""What people do with their contact methods. Each change has its entry in the audit trail."""

import hashlib
import hmac
import secrets
from datetime import timedelta

from sqlalchemy import func, select, update

from app import vault
from app.clock import now
from app.contacts import services, web_push
from app.database import transaction
from app.errors import InvalidInput, InvalidTransition, NotFound
from app.extensions import db
from app.notify import preferences
from app.paging import MAX_ID
from app.records import audit
from app.records.accounts import User
from app.records.actors import Actor
from app.records.channel_entries import MethodAdded, MethodProved, MethodRemoved
from app.records.channels import ContactMethod, MethodKind
from app.records.outbox import MailKind, MailState, OutboxMessage
from app.text import entered
from app.vault import Purpose
from contract import limits
from contract.text import one_line

CODE_VALID = timedelta(minutes=15)
CODE_DIGITS = 6
MOST_TRIES = 5
MOST_AN_HOUR = 5
"""Codes and tests that one contact method gets: nobody is to be flooded by a form."""
KEEP_TRYING = timedelta(minutes=15)


def add(user: User, *, kind: MethodKind, name: str, address: str) -> ContactMethod:
    """Add a way to reach a person and send its code there; it is used once the code is entered.

    Raises:
        InvalidInput: name or address are wrong, the name is taken, or there are too many.

    """
    name = one_line(entered("name", name, limits.METHOD_NAME, required=True))
    address = entered("address", address, limits.ADDRESS_OF_A_METHOD, required=True).strip()
    wrong = web_push.problem(address) if kind is MethodKind.WEB_PUSH else services.problem(kind, address)
    if wrong is not None:
        raise InvalidInput(wrong, [{"field": "address", "message": wrong}])
    with transaction():
        mine = preferences.methods(user.id)
        if len(mine) >= limits.METHODS:
            raise InvalidInput(f"You can have at most {limits.METHODS} contact methods.")
        if any(method.name == name for method in mine):
            message = "You have a contact method of this name already."
            raise InvalidInput(message, [{"field": "name", "message": message}])
        method = ContactMethod(user_id=user.id, kind=kind, name=name, sealed="")
        db.session.add(method)
        db.session.flush()
        method.sealed = vault.seal(address, purpose=Purpose.CONTACT_METHOD, owner=method.id)
        summary = f"{user.email} added a contact method: {preferences.in_words(method)}"
        audit.record(MethodAdded(method=method.id), Actor.person(user), summary)
        _send_code(user, method)
    return method


def send_code(user: User, method_id: int) -> None:
    """Send a new code; the one before counts no more.

    Raises:
        NotFound: the person has no such method.
        InvalidTransition: it is proved already, or had enough messages for now.

    """
    with transaction():
        method = _of(user, method_id)
        if method.proved_at is not None:
            raise InvalidTransition("This contact method is proved already.")
        _send_code(user, method)


def prove(user: User, method_id: int, code: str) -> ContactMethod:
    """Take the code that came by a method: from now on the method is used.

    Raises:
        NotFound: the person has no such method.
        InvalidInput: the code is wrong or too old, or too many were tried.

    """
    with transaction():
        method = _of(user, method_id)
        method.code_tries += 1
        is_right = (
            method.code_hash is not None
            and method.code_ends_at is not None
            and method.code_ends_at > now()
            and method.code_tries <= MOST_TRIES
            and hmac.compare_digest(method.code_hash, _digest(method.id, code.strip()))
        )
        if is_right:
            method.proved_at = now()
            method.code_hash = method.code_ends_at = None
            summary = f"{user.email} proved a contact method: {preferences.in_words(method)}"
            audit.record(MethodProved(method=method.id), Actor.person(user), summary)
    if not is_right:
        message = "This code doesn't fit, or is too old. Enter the newest one, or send a new one."
        raise InvalidInput(message, [{"field": "code", "message": message}])
    return method


def test(user: User, method_id: int) -> None:
    """Send a test message.

    Raises:
        NotFound: the person has no such method.
        InvalidTransition: it is not proved, or had enough messages for now.

    """
    with transaction():
        method = _of(user, method_id)
        if method.proved_at is None:
            raise InvalidTransition("Prove the contact method first, by the code that was sent to it.")
        text = "This is a test: messages from OIMS reach you here."
        _post(user, method, MailKind.TEST, "OIMS: test", text)


def remove(user: User, method_id: int) -> None:
    """Forget a method with the rules that use it; what waits for it is superseded.

    Raises:
        NotFound: the person has no such method.

    """
    with transaction():
        method = _of(user, method_id)
        words = preferences.in_words(method)
        waits = (OutboxMessage.method_id == method.id, OutboxMessage.state == MailState.WAITING)
        db.session.execute(
            update(OutboxMessage)
            .where(*waits)
            .values(state=MailState.SUPERSEDED, last_error="The contact method was removed.")
        )
        db.session.execute(
            update(OutboxMessage).where(OutboxMessage.method_id == method.id).values(method_id=None)
        )
        audit.record(
            MethodRemoved(method=method.id),
            Actor.person(user),
            f"{user.email} removed a contact method: {words}",
        )
        db.session.delete(method)


def _of(user: User, method_id: int) -> ContactMethod:
    statement = select(ContactMethod).where(ContactMethod.id == method_id, ContactMethod.user_id == user.id)
    method = db.session.scalar(statement.with_for_update()) if method_id <= MAX_ID else None
    if method is None:
        raise NotFound("You have no such contact method.")
    return method


def _send_code(user: User, method: ContactMethod) -> None:
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    method.code_hash = _digest(method.id, code)
    method.code_ends_at = now() + CODE_VALID
    method.code_tries = 0
    text = f"Your code for OIMS is {code}. It proves that messages reach you here."
    _post(user, method, MailKind.PROOF, "OIMS: your code", text)


def _post(user: User, method: ContactMethod, kind: MailKind, subject: str, text: str) -> None:
    recent = select(func.count()).where(
        OutboxMessage.method_id == method.id,
        OutboxMessage.kind.in_((MailKind.PROOF, MailKind.TEST)),
        OutboxMessage.created_at > now() - timedelta(hours=1),
    )
    if (db.session.scalar(recent) or 0) >= MOST_AN_HOUR:
        raise InvalidTransition("Enough codes and tests were sent there within the last hour.")
    db.session.add(
        OutboxMessage(
            kind=kind,
            channel=method.kind.channel,
            method_id=method.id,
            recipient=user.name,
            subject=subject,
            text=text,
            html="",
            payload={"way": preferences.in_words(method)},
            batch=secrets.token_hex(16),
            message_id=secrets.token_hex(16),
            give_up_at=now() + KEEP_TRYING,
        )
    )


def _digest(method_id: int, code: str) -> str:
    return hashlib.sha256(f"{method_id}:{code}".encode()).hexdigest()
