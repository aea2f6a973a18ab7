"""Users, their server-side sessions, and API tokens."""

from datetime import datetime
from enum import StrEnum
from typing import cast

from sqlalchemy import ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, EnumText


class Role(StrEnum):
    """What a person may do; each role includes the ones before it."""

    VIEWER = "viewer"
    RESPONDER = "responder"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Say whether this role may do what ``other`` may do."""
        order = list(Role)
        return order.index(self) >= order.index(other)


class UserStatus(StrEnum):
    """Whether an account can be used."""

    ACTIVE = "active"
    PENDING = "pending"
    DISABLED = "disabled"


class Scope(StrEnum):
    """What an API token may do; ``admin`` includes all others, each includes ``watch``."""

    WATCH = "watch"
    READ = "read"
    WRITE = "write"
    AUTOMATION = "automation"
    ADMIN = "admin"


class Proof(StrEnum):
    """How a person proved to be who they are."""

    PASSWORD = "password"  # noqa: S105 - a way, not a secret
    SINGLE_SIGN_ON = "single_sign_on"
    PASSKEY = "passkey"
    SECOND_FACTOR = "second_factor"


class User(Base):
    """A person."""

    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_oidc", "oidc_issuer", "oidc_subject", unique=True),
        Index("uq_users_name_key", "name_key", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True, comment="lower case")
    name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str | None] = mapped_column(String(255), comment="argon2id; empty: cannot log in")
    role: Mapped[Role] = mapped_column(EnumText(Role))
    status: Mapped[UserStatus] = mapped_column(EnumText(UserStatus))
    timezone: Mapped[str] = mapped_column(
        String(64), default="UTC", server_default="UTC", comment="in which times are shown"
    )
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_login_at: Mapped[datetime | None]
    oidc_issuer: Mapped[str | None] = mapped_column(String(255), comment="who vouches for this person")
    oidc_subject: Mapped[str | None] = mapped_column(String(255), comment="the person's name there")
    signed_on_at: Mapped[datetime | None] = mapped_column(comment="last time the provider vouched")
    name_key: Mapped[str | None] = mapped_column(String(400), comment="the name, folded: see names.py")
    email_confirmed_at: Mapped[datetime | None] = mapped_column(
        comment="when a link in a mail to the address was followed"
    )
    password_expires_at: Mapped[datetime | None] = mapped_column(
        comment="end of an initial password, which must be changed first of all"
    )
    is_break_glass: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="may use a password where single sign-on is enforced"
    )

    # Set by the session loader: Flask-Login keeps this, not the user's id, in the browser's cookie.
    session_token = ""
    # When this session last proved a second factor; set by the session loader too.
    factor_at = cast("datetime | None", None)

    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        """Say whether the account may be used; Flask-Login refuses the log-in otherwise."""
        return self.status is UserStatus.ACTIVE

    def get_id(self) -> str:
        """Return the token of the running session (Flask-Login's name for what goes into the cookie).

        Raises RuntimeError for a user who was not loaded through one.
        """
        if not self.session_token:
            raise RuntimeError("this user was not loaded through a session")
        return self.session_token


class LoginSession(Base):
    """One signed-in browser. Deleting the row ends the session, whatever the browser still holds."""

    __tablename__ = "login_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_seen_at: Mapped[datetime] = mapped_column(default=now)
    factor_at: Mapped[datetime | None] = mapped_column(comment="when a second factor was proved last")
    address: Mapped[str] = mapped_column(String(64), default="")
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    proved_at: Mapped[datetime | None] = mapped_column(comment="when the person last proved who they are")
    proved_by: Mapped[Proof | None] = mapped_column(EnumText(Proof), comment="how")

    user: Mapped[User] = relationship(lazy="joined")


class ApiToken(Base):
    """A program's key. Only its hash is kept; the first characters tell tokens apart."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    prefix: Mapped[str] = mapped_column(String(12))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    factor_at: Mapped[datetime | None] = mapped_column(comment="a person's: the second factor behind it")
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    is_from_settings: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="the program's own, kept by `migrate`"
    )

    created_by: Mapped[User | None] = relationship()


class PasswordReset(Base):
    """A link with which a forgotten password is replaced, once. Only the hash of its secret is kept.

    Without a user it is a decoy: asking for an unknown address does the same work and leads nowhere.
    """

    __tablename__ = "password_resets"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Invitation(Base):
    """A link with which somebody makes an account, once, even where registration is closed."""

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), index=True, comment="lower case")
    role: Mapped[Role] = mapped_column(EnumText(Role))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    invited_by: Mapped[str] = mapped_column(String(80))
    """A name; empty when the person registered."""
    invited_by_id: Mapped[int | None] = mapped_column(comment="the account, if a person")
    invited_by_email: Mapped[str | None] = mapped_column(String(254), comment="its address at that time")
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_messages.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    @property
    def is_own(self) -> bool:
        """Say whether the person asked for it, instead of being invited."""
        return not self.invited_by


class LoginThrottle(Base):
    """A token bucket of a brake (see throttle.py), shared by all replicas."""

    __tablename__ = "login_throttles"

    key: Mapped[str] = mapped_column(String(80), primary_key=True, comment="SHA-256 of account or address")
    tokens: Mapped[float]
    updated_at: Mapped[datetime]
    refused_at: Mapped[datetime | None] = mapped_column(comment="when a refusal was last audited")
