"""The incident and its timeline."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.database import Base, EnumText
from app.records.accounts import User
from app.records.actors import Actor, ActorKind
from app.records.lifecycle import State
from app.severities import Severity
from contract import limits
from contract.runs import Verdict


class Source(StrEnum):
    """Where an incident comes from."""

    PERSON = "person"
    ALERT = "alert"
    SYSTEM = "system"


class EventKind(StrEnum):
    """What a timeline entry tells."""

    OPENED = "opened"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    COMMENTED = "commented"
    ESCALATED = "escalated"
    SEVERITY_CHANGED = "severity_changed"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    ALERT_FIRED = "alert_fired"
    ALERT_RESOLVED = "alert_resolved"
    ALERT_CHANGED = "alert_changed"
    JOURNAL_GAP = "journal_gap"
    DECISION = "decision"
    APPROVED = "approved"
    REJECTED = "rejected"
    RUN = "run"
    VERDICT = "verdict"
    MAIL_SENT = "mail_sent"
    MAIL_FAILED = "mail_failed"
    MAINTENANCE = "maintenance"
    MERGED = "merged"
    LINKED = "linked"
    UNLINKED = "unlinked"
    DETAILS_CHANGED = "details_changed"
    REVIEWED = "reviewed"
    FOLLOW_UP = "follow_up"
    PAGED = "paged"
    PAGE_HELD = "page_held"
    PAGE_JOINED = "page_joined"
    PAGING_ENDED = "paging_ended"


class Incident(Base):
    """One thing that is wrong, whoever noticed it."""

    __tablename__ = "incidents"
    __table_args__ = (
        Index("ix_incidents_state_opened", "state", "opened_at"),
        Index("ix_incidents_state_id", "state", "id"),
        Index("ix_incidents_opened_at", "opened_at"),
        Index("ix_incidents_resolved_at", "resolved_at"),
        Index("ix_incidents_fingerprint_state", "fingerprint", "state"),
        Index("ix_incidents_fingerprint_id", "fingerprint", "id"),
        Index("ix_incidents_identity_id", "identity", "id"),
        Index("ix_incidents_owner_state", "owner_id", "state"),
        Index("ix_incidents_service_opened", "service", "opened_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(limits.TITLE))
    description: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[State] = mapped_column(EnumText(State), default=State.OPEN)
    severity: Mapped[Severity] = mapped_column(EnumText(Severity))
    source: Mapped[Source] = mapped_column(EnumText(Source))
    service: Mapped[str | None] = mapped_column(String(limits.SERVICE))
    fingerprint: Mapped[str | None] = mapped_column(String(limits.FINGERPRINT))
    identity: Mapped[str | None] = mapped_column(
        String(limits.FINGERPRINT), comment="what alerts of the same trouble share; mostly the fingerprint"
    )
    episode: Mapped[str | None] = mapped_column(
        String(limits.ID), comment="the latest episode; older ones: alert_events"
    )
    alertname: Mapped[str | None] = mapped_column(String(limits.NAME))
    labels: Mapped[dict[str, str]] = mapped_column(default=dict)
    tags: Mapped[dict[str, str]] = mapped_column(
        default=dict,
        server_default="{}",
        comment="labels that people gave it; the alert's own never change these",
    )
    annotations: Mapped[dict[str, str]] = mapped_column(default=dict)
    generator_url: Mapped[str | None] = mapped_column(String(limits.URL))
    is_firing: Mapped[bool] = mapped_column(default=False, comment="its alert is firing now")
    verdict: Mapped[Verdict | None] = mapped_column(EnumText(Verdict))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    previous_id: Mapped[int | None] = mapped_column(
        ForeignKey("incidents.id"), comment="the same alert, earlier"
    )
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    """The incident that goes on for this duplicate."""
    has_chain: Mapped[bool] = mapped_column(
        default=False, server_default=false(), comment="people are paged for it by a chain, not by lists"
    )
    summary: Mapped[str] = mapped_column(
        Text, default="", server_default="", comment="afterwards: what happened"
    )
    cause: Mapped[str] = mapped_column(Text, default="", server_default="", comment="afterwards: why")
    opened_at: Mapped[datetime] = mapped_column(default=now)
    acknowledged_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=now, comment="the last timeline entry")
    version: Mapped[int] = mapped_column(default=1, comment="grows with each change; for optimistic locking")

    owner: Mapped[User | None] = relationship(lazy="joined")
    previous: Mapped["Incident | None"] = relationship(foreign_keys=previous_id, remote_side="Incident.id")

    @property
    def is_taken_over(self) -> bool:
        """Say whether a person has it; the end of the alert then no longer resolves it."""
        return self.state is State.ACKNOWLEDGED or self.owner_id is not None


class IncidentLink(Base):
    """A link between two related incidents, made by a person; ``lower_id < higher_id``."""

    __tablename__ = "incident_links"

    lower_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), primary_key=True)
    higher_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), primary_key=True, index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class FollowUp(Base):
    """Something that is to be done after an incident, so that it doesn't come back."""

    __tablename__ = "follow_ups"

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    text: Mapped[str] = mapped_column(String(limits.COMMENT))
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    due_on: Mapped[date | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    done_at: Mapped[datetime | None]

    owner: Mapped[User | None] = relationship(lazy="joined")


class SavedView(Base):
    """A list that a person comes back to: its name and the filters as they stand in the URL."""

    __tablename__ = "saved_views"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(limits.VIEW_NAME))
    query: Mapped[str] = mapped_column(String(limits.QUERY))


class TimelineEvent(Base):
    """One thing that happened to an incident. Rows are only ever added."""

    __tablename__ = "timeline_events"
    __table_args__ = (
        Index("ix_timeline_events_incident_at", "incident_id", "at", "id"),
        Index("ix_timeline_events_incident_kind", "incident_id", "kind", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"))
    at: Mapped[datetime] = mapped_column(default=now, comment="when it happened, not when we heard of it")
    kind: Mapped[EventKind] = mapped_column(EnumText(EventKind))
    actor_kind: Mapped[ActorKind] = mapped_column(EnumText(ActorKind))
    actor_name: Mapped[str] = mapped_column(String(limits.PERSON))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    summary: Mapped[str] = mapped_column(Text, comment="a sentence")
    ordered_at: Mapped[datetime | None]
    """Its place on the timeline, where that is not when it happened."""
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)

    @property
    def place(self) -> datetime:
        """Return where it stands on the timeline."""
        return self.ordered_at or self.at

    @property
    def actor(self) -> Actor:
        """Return who did it."""
        return Actor(self.actor_kind, self.actor_name, self.actor_id)
