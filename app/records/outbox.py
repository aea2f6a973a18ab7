"""The outbox: messages that must leave, by mail or another channel, in the words they leave with."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base, EnumText
from app.records.channels import Channel
from contract import limits


class MailState(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"
    """To be sent at ``next_at``."""
    SENDING = "sending"
    """Claimed by a worker until ``claimed_until``; after that anybody may claim it again."""
    SENT = "sent"
    """The mail server, or the service of its channel, took it."""
    COLLECTED = "collected"
    """Over the cap: its news waits for the digest that is written at ``next_at``."""
    DIGESTED = "digested"
    """Never sent itself: its news is in the mail ``digest_id``."""
    DEAD = "dead"
    """Refused for good, or tried for too long; a person may retry it."""
    SUPERSEDED = "superseded"
    """Never sent: what it told was over, for the reason that stands in its last error."""


class MailKind(StrEnum):
    """Why a message is written."""

    CREATED = "created"
    REOPENED = "reopened"
    ASSIGNED = "assigned"
    ESCALATED = "escalated"
    GAVE_UP = "gave_up"
    RESOLVED = "resolved"
    REPAIRED = "repaired"
    ALERT_ENDED = "alert_ended"
    DIGEST = "digest"
    TEST = "test"
    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - a kind of mail
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind of mail
    FACTORS_CHANGED = "factors_changed"
    REGISTRATION = "registration"
    ACCOUNT_EXISTS = "account_exists"
    ACCOUNT_WAITING = "account_waiting"
    ACCOUNT_ACTIVE = "account_active"
    PAGE = "page"
    """Asks one person to act, by that person's own rules."""
    PROOF = "proof"
    """Carries the code that proves a contact method."""
    CHANGE = "change"
    """Tells an outgoing webhook of a change of an incident."""


CALLS = frozenset({MailKind.ASSIGNED, MailKind.ESCALATED, MailKind.GAVE_UP})
"""Mails about an incident that ask somebody to act."""
NEWS = frozenset(
    {MailKind.CREATED, MailKind.REOPENED, MailKind.RESOLVED, MailKind.REPAIRED, MailKind.ALERT_ENDED}
)
"""Mails about an incident that only tell."""
CARRIES_A_KEY = frozenset(
    {MailKind.INVITATION, MailKind.REGISTRATION, MailKind.PASSWORD_RESET, MailKind.PROOF}
)
"""Messages whose words open something: they are forgotten once they have been sent."""


class OutboxMessage(Base):
    """One message to one person, or to one outgoing webhook."""

    __tablename__ = "outbox_messages"
    __table_args__ = (
        Index("ix_outbox_messages_state_next", "state", "next_at"),
        Index("ix_outbox_messages_channel_state_next", "channel", "state", "next_at"),
        Index("ix_outbox_messages_recipient_sent", "recipient", "sent_at"),
        Index("ix_outbox_messages_hook_id", "hook_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    kind: Mapped[MailKind] = mapped_column(EnumText(MailKind))
    channel: Mapped[Channel] = mapped_column(
        EnumText(Channel), default=Channel.MAIL, server_default="mail", comment="by which it leaves"
    )
    recipient: Mapped[str] = mapped_column(String(254))
    """An address by mail, else the name of the contact method or webhook."""
    method_id: Mapped[int | None] = mapped_column(ForeignKey("contact_methods.id"), index=True)
    hook_id: Mapped[int | None] = mapped_column(ForeignKey("outgoing_webhooks.id"))
    payload: Mapped[dict[str, Any] | None] = mapped_column(
        JSON(none_as_null=True), comment="what the channel needs beside words"
    )
    reference: Mapped[str | None] = mapped_column(
        String(limits.REFERENCE), index=True, comment="what its writer knows it by"
    )
    subject: Mapped[str] = mapped_column(String(255))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text)
    window_id: Mapped[int | None] = mapped_column(ForeignKey("maintenance_windows.id"), index=True)
    """The maintenance that holds it back."""
    digest_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_messages.id"), index=True)
    """The mail that tells it instead."""
    unsubscribe_url: Mapped[str | None] = mapped_column(String(500), comment="ends such mails by one click")
    batch: Mapped[str] = mapped_column(String(32), index=True, comment="the mails that tell one thing")
    message_id: Mapped[str] = mapped_column(String(255), unique=True, comment="stable over retries")
    thread_id: Mapped[str | None] = mapped_column(String(255), comment="for In-Reply-To and References")
    state: Mapped[MailState] = mapped_column(EnumText(MailState), default=MailState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(default=now)
    claimed_by: Mapped[str | None] = mapped_column(String(128))
    claimed_until: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    give_up_at: Mapped[datetime] = mapped_column(comment="a failure after this moment is the last")
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
