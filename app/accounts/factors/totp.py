"""Authenticator apps: the secret, its QR code, and codes that count once (RFC 6238)."""

import hmac
from urllib.parse import urlsplit

import pyotp
import segno
import structlog
from flask import current_app
from sqlalchemy import CursorResult, or_, select, update

from app import vault
from app.clock import now
from app.database import transaction
from app.errors import InvalidInput
from app.extensions import db
from app.records.factors import Factor, FactorKind
from app.vault import Purpose

STEPS = (-1, 0, 1)
"""Codes of the step before and after are taken too: clocks differ, and people type slowly."""
DIGITS = 6
SETUP_S = 1800
"""How long a new secret waits for its first code."""
WRONG = "This code doesn't fit. Check that the app's clock is right, and enter the code it shows now."

log = structlog.get_logger()


def propose(user_id: int) -> str:
    """Return a new secret, sealed; it counts for nothing until a code confirms it."""
    return vault.seal(pyotp.random_base32(), purpose=Purpose.SECOND_FACTOR, owner=user_id)


def secret_of(sealed: str, user_id: int) -> str:
    """Return a proposed secret as the person enters it into the app.

    Raises:
        InvalidInput: it has waited for too long, or is not this person's.

    """
    try:
        return vault.open_(sealed, purpose=Purpose.SECOND_FACTOR, owner=user_id, max_age_s=SETUP_S)
    except vault.Unreadable:
        raise InvalidInput("This took too long. Start again with a new secret.") from None


def address(secret: str, email: str) -> str:
    """Return the address that puts a secret into an app: it is what the QR code says."""
    host = urlsplit(current_app.config["SETTINGS"].base_url).hostname or "OIMS"
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=f"OIMS {host}")


def picture(address: str) -> str:
    """Return the QR code of an address as a data URI of an SVG; dark on white, whatever the theme."""
    return segno.make(address, error="m").svg_data_uri(scale=5, border=4, dark="#000", light="#fff")


def confirmed(secret: str, code: str) -> int:
    """Return the time step of the first code of a new secret.

    Raises:
        InvalidInput: the code doesn't fit.

    """
    step = _step(secret, code)
    if step is None:
        raise InvalidInput(WRONG, [{"field": "code", "message": WRONG}])
    return step


def take(user_id: int, code: str) -> Factor | None:
    """Return the app whose code this is, and use the code up; nothing when it fits none or was used.

    The step moves forward by one conditional UPDATE, so that of two requests with one code one gets in.
    """
    statement = select(Factor).where(Factor.user_id == user_id, Factor.kind == FactorKind.APP)
    for app in db.session.scalars(statement).all():
        step = _step(_secret(app), code)
        if step is not None and _advance(app.id, step):
            return app
    return None


def _advance(factor_id: int, step: int) -> bool:
    with transaction():
        moved: CursorResult[None] = db.session.execute(  # type: ignore[assignment]
            update(Factor)
            .where(Factor.id == factor_id, or_(Factor.last_step.is_(None), Factor.last_step < step))
            .values(last_step=step, last_used_at=now())
        )
        return moved.rowcount == 1


def _secret(app: Factor) -> str:
    try:
        return vault.open_(app.secret or "", purpose=Purpose.SECOND_FACTOR, owner=app.user_id)
    except vault.Unreadable:
        log.warning("factor_unreadable", factor=app.id, hint="OIMS_SECRET_KEY is another than before")
        return ""


def _step(secret: str, code: str) -> int | None:
    """Return the time step that shows this code, or nothing."""
    if not secret or len(code) != DIGITS or not (code.isascii() and code.isdigit()):
        return None
    totp = pyotp.TOTP(secret)
    current = totp.timecode(now())
    fits = [step for at in STEPS if hmac.compare_digest(totp.generate_otp(step := current + at), code)]
    return max(fits, default=None)
