"""What has been taken from the journal, and how far."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base, EnumText
from contract import limits


class Outage(StrEnum):
    """Why no alert can arrive. Each may follow any other; the newest finding counts."""

    WEBHOOK_AWAY = "webhook_away"
    JOURNAL_UNREAD = "journal_unread"
    WATCHDOG_OVERDUE = "watchdog_overdue"


class AlertEvent(Base):
    """A journal event that took effect: its id makes that happen once, its episode finds the incident."""

    __tablename__ = "alert_events"
    __table_args__ = (
        Index("ix_alert_events_status_received", "status", "received_at"),
        Index("ix_alert_events_fingerprint_seq", "fingerprint", "seq", "status", "received_at"),
    )

    id: Mapped[str] = mapped_column(String(limits.ID), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, index=True)
    episode: Mapped[str] = mapped_column(String(limits.ID), index=True)
    fingerprint: Mapped[str] = mapped_column(String(limits.FINGERPRINT), index=True)
    status: Mapped[str] = mapped_column(String(16))
    source: Mapped[str] = mapped_column(String(limits.WORD))
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    starts_at: Mapped[datetime | None]
    received_at: Mapped[datetime]


class JournalCursor(Base):
    """How far the journal was read: one row, moved in the transaction of the effects it stands for."""

    __tablename__ = "journal_cursor"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    offset: Mapped[int] = mapped_column(BigInteger, default=0)
    last_seq: Mapped[int] = mapped_column(BigInteger, default=0, comment="the journal's end when last asked")
    caught_up_at: Mapped[datetime] = mapped_column(default=now, comment="when nothing was left to read")
    refused_at: Mapped[datetime | None] = mapped_column(
        comment="when the webhook last refused a delivery for good"
    )
    refused_for: Mapped[str | None] = mapped_column(
        String(limits.WORD), comment="why: invalid, unauthorized …"
    )
    watchdog_at: Mapped[datetime | None] = mapped_column(
        comment="when Prometheus last sent the alert that always fires, as far as the webhook knows"
    )
    outage: Mapped[Outage | None] = mapped_column(
        "silence", EnumText(Outage), comment="none: alerts can arrive"
    )
    outage_since: Mapped[datetime | None] = mapped_column("silent_since")
    outage_incident_id: Mapped[int | None] = mapped_column("silence_incident_id", ForeignKey("incidents.id"))
    """The incident of this outage, or of the last one."""
