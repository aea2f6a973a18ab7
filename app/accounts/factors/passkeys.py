"""Passkeys: what browsers are asked, and what their answers prove (WebAuthn).

Name and origin of this installation come from OIMS_BASE_URL, never from a request's Host header.
"""

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

import structlog
import webauthn
from flask import current_app
from sqlalchemy import CursorResult, and_, literal, or_, select, update
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from webauthn.registration.verify_registration_response import VerifiedRegistration

from app.accounts.factors import challenges
from app.accounts.factors.challenges import Purpose
from app.clock import now
from app.database import transaction
from app.errors import InvalidInput
from app.extensions import db
from app.notify import account_mails
from app.records import audit
from app.records.account_entries import PasskeyRefused
from app.records.accounts import User
from app.records.actors import Actor
from app.records.factors import Factor, FactorKind

MAX_ANSWER = 20_000
DEFAULT_PORTS = {"https": 443, "http": 80}
REFUSED = "The passkey was not accepted. Try again, or use another way."

log = structlog.get_logger()


def are_possible() -> bool:
    """Say whether browsers offer passkeys at OIMS_BASE_URL: HTTPS or localhost, and a name, no IP address."""
    address = urlsplit(current_app.config["SETTINGS"].base_url)
    return _is_name(relying_party()) and (address.scheme == "https" or relying_party() == "localhost")


def relying_party() -> str:
    """Return the host name to which passkeys are bound."""
    return urlsplit(current_app.config["SETTINGS"].base_url).hostname or ""


def origin() -> str:
    """Return the origin that browsers must name in their answers."""
    address = urlsplit(current_app.config["SETTINGS"].base_url)
    port = "" if address.port in {None, DEFAULT_PORTS[address.scheme]} else f":{address.port}"
    return f"{address.scheme}://{relying_party()}{port}"


def ask_for_new(user: User) -> str:
    """Return, as JSON, what the browser needs to make a passkey that this person doesn't have yet."""
    options = webauthn.generate_registration_options(
        rp_id=relying_party(),
        rp_name="OIMS",
        user_id=_handle(user.id),
        user_name=user.email,
        user_display_name=user.name,
        challenge=challenges.give(Purpose.ADD, user.id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_descriptors(user.id),
    )
    return webauthn.options_to_json(options)


def read_new(user: User, answer: str) -> VerifiedRegistration:
    """Return the passkey that the browser has made.

    Raises:
        InvalidInput: the answer is to another question, from elsewhere, or malformed.

    """
    challenge = challenges.take(Purpose.ADD, user.id)
    return _verified(
        answer,
        lambda: webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=relying_party(),
            expected_origin=origin(),
        ),
    )


def factor(made: VerifiedRegistration) -> Factor:
    """Return a verified new passkey as it is kept."""
    return Factor(
        kind=FactorKind.PASSKEY,
        credential_id=bytes_to_base64url(made.credential_id),
        public_key=bytes_to_base64url(made.credential_public_key),
        sign_count=made.sign_count,
    )


def ask(purpose: Purpose, user_id: int | None) -> str:
    """Return, as JSON, what the browser needs to sign with a passkey: this person's, or anybody's."""
    alone = purpose is Purpose.LOG_IN
    options = webauthn.generate_authentication_options(
        rp_id=relying_party(),
        challenge=challenges.give(purpose, user_id),
        allow_credentials=_descriptors(user_id) if user_id is not None else None,
        user_verification=UserVerificationRequirement.REQUIRED
        if alone
        else UserVerificationRequirement.PREFERRED,
    )
    return webauthn.options_to_json(options)


def take(purpose: Purpose, user_id: int | None, answer: str) -> Factor:
    """Return the passkey that signed, and count the signature.

    Without a password before it the passkey must also have verified its holder, by PIN or finger: it is both
    factors then.

    Raises:
        InvalidInput: the signature proves nothing, or the passkey's counter says that it was copied.

    """
    challenge = challenges.take(purpose, user_id)
    factor = _named_by(answer, user_id)
    proved = _verified(
        answer,
        lambda: webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=relying_party(),
            expected_origin=origin(),
            credential_public_key=base64url_to_bytes(factor.public_key or ""),
            credential_current_sign_count=0,  # compared below, in one step with keeping the new one
            require_user_verification=purpose is Purpose.LOG_IN,
        ),
    )
    if not _counted(factor.id, proved.new_sign_count):
        _report_copy(factor)
        raise InvalidInput(REFUSED)
    return factor


def _named_by(answer: str, user_id: int | None) -> Factor:
    credential = _verified(answer, lambda: parse_authentication_credential_json(answer))
    name = bytes_to_base64url(credential.raw_id)
    factor = db.session.scalar(
        select(Factor).where(Factor.kind == FactorKind.PASSKEY, Factor.credential_id == name)
    )
    handle = credential.response.user_handle
    is_owner = factor is not None and user_id in {None, factor.user_id}
    if factor is None or not is_owner or handle not in {None, _handle(factor.user_id)}:
        raise InvalidInput(REFUSED)
    return factor


def _counted(factor_id: int, count: int) -> bool:
    """Keep the passkey's counter if it has grown; passkeys that don't count always say 0."""
    with transaction():
        moved: CursorResult[None] = db.session.execute(  # type: ignore[assignment]
            update(Factor)
            .where(
                Factor.id == factor_id,
                or_(Factor.sign_count < count, and_(Factor.sign_count == 0, literal(count) == 0)),
            )
            .values(sign_count=count, last_used_at=now())
        )
        return moved.rowcount == 1


def _report_copy(factor: Factor) -> None:
    """Say that a counter went back: the key may be in two devices, and one of them may be a thief's."""
    with transaction():
        user = db.session.get_one(User, factor.user_id)
        summary = f"A passkey of {user.email} was refused: its counter went back, so it may have been copied."
        audit.record(PasskeyRefused(user_id=user.id, factor=factor.id), Actor.person(user), summary)
        account_mails.passkey_refused(user, factor.name)


def _verified[T](answer: str, verify: Callable[[], T]) -> T:
    if len(answer) > MAX_ANSWER:
        raise InvalidInput(REFUSED)
    try:
        return verify()
    except (WebAuthnException, ValueError, TypeError, KeyError, RecursionError) as error:
        log.warning("passkey_refused", error=type(error).__name__)
        raise InvalidInput(REFUSED) from None


def _descriptors(user_id: int) -> list[PublicKeyCredentialDescriptor]:
    statement = select(Factor.credential_id).where(
        Factor.user_id == user_id, Factor.kind == FactorKind.PASSKEY
    )
    return [
        PublicKeyCredentialDescriptor(id=base64url_to_bytes(name or ""))
        for name in db.session.scalars(statement)
    ]


def _handle(user_id: int) -> bytes:
    """Return the account's name in a passkey; it says nothing about the person."""
    return f"oims-{user_id}".encode()


def _is_name(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return bool(host)
    return False
