"""The audit trail and the worker's sign of life."""

from datetime import datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base


class AuditEvent(Base):
    """Something that concerns the installation, not one incident. Rows are only ever added."""

    __tablename__ = "audit_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    kind: Mapped[str] = mapped_column(String(48), index=True)
    actor_name: Mapped[str] = mapped_column(String(254))
    actor_id: Mapped[int | None] = mapped_column(comment="the account of who did it, if a person")
    actor_email: Mapped[str | None] = mapped_column(String(254), comment="its address at that time")
    summary: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)


class WorkerHeartbeat(Base):
    """The last sign of life of one worker process."""

    __tablename__ = "worker_heartbeats"

    worker: Mapped[str] = mapped_column(String(128), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
