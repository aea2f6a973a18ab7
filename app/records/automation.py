"""Decisions, runs and the automation's sign of life."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base, EnumText
from contract import limits
from contract.decisions import DecisionKind
from contract.runs import RunState, Verdict

SILENT_AFTER = timedelta(seconds=90)
"""Three signs of life of automation missed: they come every 30 s."""


class Decision(Base):
    """Why the automation ran, waited or declined, for one episode."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index("ix_decisions_seq_id", "seq", "id"),
        Index("ix_decisions_decided_at", "decided_at"),
        Index("ix_decisions_received_id", "received_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(limits.ID), primary_key=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    episode: Mapped[str] = mapped_column(String(limits.ID), index=True)
    event_id: Mapped[str] = mapped_column(String(limits.ID))
    seq: Mapped[int] = mapped_column(BigInteger)
    fingerprint: Mapped[str] = mapped_column(String(limits.FINGERPRINT))
    alertname: Mapped[str] = mapped_column(String(limits.NAME))
    decision: Mapped[DecisionKind] = mapped_column(EnumText(DecisionKind, 16))
    reason: Mapped[str | None] = mapped_column(String(limits.WORD))
    detail: Mapped[str] = mapped_column(Text)
    remedy: Mapped[str | None] = mapped_column(String(limits.NAME))
    playbook: Mapped[str | None] = mapped_column(String(limits.NAME))
    target: Mapped[dict[str, Any] | None]
    attempt: Mapped[int | None]
    decided_at: Mapped[datetime]
    until: Mapped[datetime | None]
    escalate: Mapped[bool]
    would_run_at: Mapped[datetime | None] = mapped_column(comment="in shadow mode: when it would have run")
    verify_within_s: Mapped[float | None] = mapped_column(
        comment="in shadow mode: how long a repair may take"
    )
    received_at: Mapped[datetime] = mapped_column(default=now)


class Run(Base):
    """One playbook run in its newest reported version."""

    __tablename__ = "runs"
    __table_args__ = (
        Index("ix_runs_seq_id", "seq", "id"),
        Index("ix_runs_remedy_received", "remedy", "received_at"),
        Index("ix_runs_received_id", "received_at", "id"),
        Index("ix_runs_state_received", "state", "received_at"),
        Index("ix_runs_started_at", "started_at"),
        Index("ix_runs_verdict_at", "verdict_at"),
    )

    id: Mapped[str] = mapped_column(String(limits.ID), primary_key=True)
    version: Mapped[int]
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    episode: Mapped[str] = mapped_column(String(limits.ID), index=True)
    event_id: Mapped[str] = mapped_column(String(limits.ID))
    seq: Mapped[int] = mapped_column(BigInteger)
    fingerprint: Mapped[str] = mapped_column(String(limits.FINGERPRINT))
    alertname: Mapped[str] = mapped_column(String(limits.NAME))
    remedy: Mapped[str] = mapped_column(String(limits.NAME), index=True)
    playbook: Mapped[str] = mapped_column(String(limits.NAME))
    target: Mapped[dict[str, Any]]
    mode: Mapped[str] = mapped_column(String(16))
    attempt: Mapped[int]
    state: Mapped[RunState] = mapped_column(EnumText(RunState, 16))
    reason: Mapped[str | None] = mapped_column(String(limits.WORD))
    detail: Mapped[str | None] = mapped_column(Text)
    verification: Mapped[Verdict | None] = mapped_column(EnumText(Verdict))
    queued_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    exit_code: Mapped[int | None]
    duration_s: Mapped[float | None]
    tasks: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    task_counts: Mapped[dict[str, Any] | None]
    """How many tasks there were of each status; the list may be cut."""
    tasks_cut: Mapped[str | None] = mapped_column(Text)
    output_tail: Mapped[str] = mapped_column(Text, default="")
    verdict_at: Mapped[datetime | None]
    verdict_detail: Mapped[str | None] = mapped_column(Text)
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    received_at: Mapped[datetime] = mapped_column(default=now)
    heard_at: Mapped[datetime | None]
    """When a heartbeat named it last, while it or its verdict was open."""

    @property
    def is_repair(self) -> bool:
        """Say whether it was to repair; attempt 0 only looked at the target, for the person who was told."""
        return self.attempt > 0


class AutomationHeartbeat(Base):
    """The last sign of life of one automation instance."""

    __tablename__ = "automation_heartbeats"

    instance: Mapped[str] = mapped_column(String(limits.ID), primary_key=True)
    version: Mapped[str] = mapped_column(String(limits.VERSION))
    location: Mapped[str] = mapped_column(String(16))
    is_paused: Mapped[bool]
    last_seq: Mapped[int] = mapped_column(BigInteger)
    lag_s: Mapped[float]
    remedies: Mapped[list[dict[str, Any]]]
    sent_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(default=now)


class ApprovalState(StrEnum):
    """What people said to a run that the automation asks for."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    """The automation no longer asks: the alert is over, or the answer came too late."""


class Approval(Base):
    """A run that waits for a person's word, with what it would do."""

    __tablename__ = "approvals"

    id: Mapped[str] = mapped_column(String(limits.ID), primary_key=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    episode: Mapped[str] = mapped_column(String(limits.ID), index=True)
    remedy: Mapped[str | None] = mapped_column(String(limits.NAME))
    playbook: Mapped[str | None] = mapped_column(String(limits.NAME))
    target: Mapped[dict[str, Any] | None]
    command: Mapped[str] = mapped_column(Text, comment="what will run")
    preview: Mapped[str] = mapped_column(Text, comment="the output of the same in check mode")
    requested_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    state: Mapped[ApprovalState] = mapped_column(EnumText(ApprovalState), default=ApprovalState.WAITING)
    decided_by: Mapped[str | None] = mapped_column(String(limits.PERSON))
    decided_by_id: Mapped[int | None] = mapped_column(comment="the account of who answered")
    decided_by_email: Mapped[str | None] = mapped_column(
        String(limits.ADDRESS), comment="its address at that time"
    )
    decided_at: Mapped[datetime | None] = mapped_column(index=True)

    def is_open(self, at: datetime) -> bool:
        """Say whether somebody can still answer."""
        return self.state is ApprovalState.WAITING and at < self.expires_at


class AutomationControl(Base):
    """What people ask of the automation: one row, made by the first migration that knows ``version``."""

    __tablename__ = "automation_control"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    is_paused: Mapped[bool] = mapped_column(default=False)
    changed_by: Mapped[str] = mapped_column(String(limits.PERSON), default="")
    changed_by_id: Mapped[int | None] = mapped_column(comment="the account of who changed it")
    changed_by_email: Mapped[str | None] = mapped_column(
        String(limits.ADDRESS), comment="its address at that time"
    )
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    changed_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column(
        BigInteger, default=0, server_default="0", comment="grows with each change of the instructions"
    )
