"""How messages leave: the channels, people's contact methods, and the webhooks that OIMS calls."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base, EnumText
from contract import limits


class Channel(StrEnum):
    """By what a message leaves."""

    MAIL = "mail"
    MESSAGING = "messaging"
    """A service for chats, push notifications or text messages."""
    WEB_PUSH = "web_push"
    """A notification of the person's own browser."""
    WEBHOOK = "webhook"
    """A signed call of an outgoing webhook."""


class Urgency(StrEnum):
    """Whether somebody has to act at once."""

    HIGH = "high"
    LOW = "low"


class MethodKind(StrEnum):
    """What a contact method is. Mail is everybody's first one, and has no row."""

    MAIL = "mail"
    WEB_PUSH = "web_push"
    NTFY = "ntfy"
    PUSHOVER = "pushover"
    GOTIFY = "gotify"
    TELEGRAM = "telegram"
    SLACK = "slack"
    MATTERMOST = "mattermost"
    TEAMS = "teams"
    MATRIX = "matrix"
    TWILIO = "twilio"
    VONAGE = "vonage"
    SIGNL4 = "signl4"

    @property
    def channel(self) -> Channel:
        """Return by what its messages leave."""
        own = {MethodKind.MAIL: Channel.MAIL, MethodKind.WEB_PUSH: Channel.WEB_PUSH}
        return own.get(self, Channel.MESSAGING)


class ContactMethod(Base):
    """A way to reach a person, beside mail; it is used once it is proved."""

    __tablename__ = "contact_methods"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[MethodKind] = mapped_column(EnumText(MethodKind))
    name: Mapped[str] = mapped_column(String(limits.METHOD_NAME))
    sealed: Mapped[str] = mapped_column(Text, comment="where messages go, with what is needed to send there")
    created_at: Mapped[datetime] = mapped_column(default=now)
    proved_at: Mapped[datetime | None] = mapped_column(comment="when the code that came by it was entered")
    code_hash: Mapped[str | None] = mapped_column(String(64))
    code_ends_at: Mapped[datetime | None]
    code_tries: Mapped[int] = mapped_column(default=0, server_default="0")


class NotificationRule(Base):
    """When a person is told by which method, counted from the moment there is something to tell."""

    __tablename__ = "notification_rules"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    urgency: Mapped[Urgency] = mapped_column(EnumText(Urgency))
    method_id: Mapped[int | None] = mapped_column(
        ForeignKey("contact_methods.id", ondelete="CASCADE"), comment="none: mail"
    )
    after_s: Mapped[int]


class QuietHours(Base):
    """The part of the day in which what is of low urgency waits."""

    __tablename__ = "quiet_hours"

    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    begin_minute: Mapped[int] = mapped_column(comment="of the day, by the person's own clock")
    end_minute: Mapped[int]


class OutgoingWebhook(Base):
    """An address that is told of every change of an incident."""

    __tablename__ = "outgoing_webhooks"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(limits.METHOD_NAME), unique=True)
    host: Mapped[str] = mapped_column(String(255), comment="of the address, which is sealed")
    url_sealed: Mapped[str] = mapped_column(Text)
    secret_sealed: Mapped[str] = mapped_column(Text)
    is_on: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[str] = mapped_column(String(limits.PERSON))
    created_at: Mapped[datetime] = mapped_column(default=now)


class WebPushKeys(Base):
    """The key pair by which push services know this installation; one row."""

    __tablename__ = "web_push_keys"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    public: Mapped[str] = mapped_column(String(100), comment="base64url, as browsers take it")
    sealed: Mapped[str] = mapped_column(Text, comment="the private key, PEM")
    created_at: Mapped[datetime] = mapped_column(default=now)
