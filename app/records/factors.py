"""What proves a person beside the password, and log-ins that wait for that proof."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base, EnumText
from app.records.accounts import Proof


class FactorKind(StrEnum):
    """What a second factor is."""

    APP = "app"
    """An authenticator app that shows codes (TOTP, RFC 6238)."""
    PASSKEY = "passkey"
    """A key pair in a device or security key (WebAuthn)."""


class Factor(Base):
    """One second factor of a person. Only what has been proved once is kept."""

    __tablename__ = "factors"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[FactorKind] = mapped_column(EnumText(FactorKind))
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]
    secret: Mapped[str | None] = mapped_column(Text, comment="app: the shared secret, encrypted")
    last_step: Mapped[int | None] = mapped_column(BigInteger, comment="app: time step of the last code taken")
    credential_id: Mapped[str | None] = mapped_column(
        String(1364), unique=True, comment="passkey: base64url, at most 1,023 bytes"
    )
    public_key: Mapped[str | None] = mapped_column(Text, comment="passkey: COSE key, base64url")
    sign_count: Mapped[int | None] = mapped_column(BigInteger, comment="passkey: signatures it has counted")


class RecoveryCode(Base):
    """A code that stands in for a lost factor, once. Only its hash is kept."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), comment="SHA-256 of account and code")
    used_at: Mapped[datetime | None]


class PendingLogIn(Base):
    """A log-in whose first factor was right and whose second is awaited. It is no session."""

    __tablename__ = "pending_log_ins"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    proved_by: Mapped[Proof] = mapped_column(EnumText(Proof), comment="the first step")
    target: Mapped[str] = mapped_column(Text, comment="the page the person asked for")
    expires_at: Mapped[datetime]


class UsedChallenge(Base):
    """A WebAuthn challenge that was answered; it is kept until it would have expired."""

    __tablename__ = "used_challenges"

    challenge_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
