"""Whom to page: chains of steps, routes that lead to chains, and what became of each incident's pages."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base, EnumText
from contract import limits


class EscalationState(StrEnum):
    """Where the paging for an incident stands."""

    WAITING = "waiting"
    """Nobody is paged yet."""
    PAGING = "paging"
    """Somebody was paged; the next step comes unless somebody acknowledges."""
    JOINED = "joined"
    """The page of another incident tells of this one."""
    ACKNOWLEDGED = "acknowledged"
    STOPPED = "stopped"
    """Nobody is needed any more."""
    UNANSWERED = "unanswered"
    """All steps are done, and nobody has acknowledged."""


class EscalationAction(StrEnum):
    """What can happen to it."""

    PAGE = "page"
    JOIN = "join"
    LEAVE = "leave"
    ACKNOWLEDGE = "acknowledge"
    STOP = "stop"
    RUN_OUT = "run_out"


ACTIVE = (EscalationState.WAITING, EscalationState.PAGING, EscalationState.JOINED)

ALLOWED: dict[tuple[EscalationState, EscalationAction], EscalationState] = {
    (EscalationState.WAITING, EscalationAction.PAGE): EscalationState.PAGING,
    (EscalationState.WAITING, EscalationAction.JOIN): EscalationState.JOINED,
    (EscalationState.PAGING, EscalationAction.PAGE): EscalationState.PAGING,
    (EscalationState.JOINED, EscalationAction.LEAVE): EscalationState.WAITING,
    **{(state, EscalationAction.ACKNOWLEDGE): EscalationState.ACKNOWLEDGED for state in ACTIVE},
    **{(state, EscalationAction.STOP): EscalationState.STOPPED for state in ACTIVE},
    **{(state, EscalationAction.RUN_OUT): EscalationState.UNANSWERED for state in ACTIVE},
}


CALL_FOR_HELP = ""
"""The chain's name of an escalation that a person began by asking for help."""


class Chain(Base):
    """Whom to page one after the other, until somebody acknowledges."""

    __tablename__ = "escalation_chains"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(limits.CHAIN_NAME), unique=True)
    plan: Mapped[dict[str, Any]] = mapped_column(comment="steps, hours, urgency: see escalations/plan.py")
    is_default: Mapped[bool] = mapped_column(
        default=False, comment="of incidents that no route leads elsewhere"
    )
    created_by: Mapped[str] = mapped_column(String(limits.PERSON))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Route(Base):
    """Incidents that match go to a chain; of several routes, the first that matches counts."""

    __tablename__ = "escalation_routes"

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(comment="they are asked in this order")
    matchers: Mapped[list[dict[str, Any]]] = mapped_column(comment="name, op, value; all must hold")
    chain_id: Mapped[int] = mapped_column(ForeignKey("escalation_chains.id"), index=True)
    created_by: Mapped[str] = mapped_column(String(limits.PERSON))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Escalation(Base):
    """The paging for an incident, from its beginning to its end. A worker acts on it when it is due."""

    __tablename__ = "escalations"
    __table_args__ = (
        Index("ix_escalations_state_due", "state", "due_at"),
        Index("ix_escalations_chain_state", "chain_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    chain_id: Mapped[int | None] = mapped_column(ForeignKey("escalation_chains.id", ondelete="SET NULL"))
    chain_name: Mapped[str] = mapped_column(String(limits.CHAIN_NAME))
    plan: Mapped[dict[str, Any]] = mapped_column(comment="the chain as it was then")
    state: Mapped[EscalationState] = mapped_column(EnumText(EscalationState), default=EscalationState.WAITING)
    is_called: Mapped[bool] = mapped_column(
        default=False, comment="a person asked for help: nothing holds it"
    )
    step: Mapped[int] = mapped_column(default=0, comment="the step that comes next, counted from 0")
    round: Mapped[int] = mapped_column(default=0, comment="how often the chain was gone through before")
    begun_at: Mapped[datetime] = mapped_column(default=now)
    due_at: Mapped[datetime] = mapped_column(default=now, comment="when a worker looks at it next")
    set_at: Mapped[datetime] = mapped_column(default=now, comment="by the clock that due_at goes by")
    step_at: Mapped[datetime | None] = mapped_column(
        comment="the next step comes no sooner: an answer may come"
    )
    paged_at: Mapped[datetime | None] = mapped_column(comment="the first page")
    ended_at: Mapped[datetime | None] = mapped_column(index=True)
    why: Mapped[str] = mapped_column(
        String(limits.WORD), default="", comment="what it waits for, in one word"
    )
    reason: Mapped[str] = mapped_column(Text, default="", comment="why it waits or ended, in a sentence")
    latest_at: Mapped[datetime | None] = mapped_column(comment="when the next page leaves at the latest")
    next_whom: Mapped[str] = mapped_column(String(limits.NAME), default="", comment="whom that page is for")
    joined_to: Mapped[int | None] = mapped_column(ForeignKey("escalations.id"), index=True)
    """The escalation whose page tells of this incident."""
    answered_by: Mapped[str | None] = mapped_column(
        String(limits.PERSON), comment="who answered a page of it"
    )

    @property
    def whose(self) -> str:
        """Return what it is in words: the chain, or a call for help."""
        return "the call for help" if self.chain_name == CALL_FOR_HELP else f"chain “{self.chain_name}”"

    @property
    def is_active(self) -> bool:
        """Say whether somebody may still be paged."""
        return self.state in ACTIVE


class Page(Base):
    """One person, paged once by one step."""

    __tablename__ = "escalation_pages"
    __table_args__ = (
        UniqueConstraint("escalation_id", "round", "step", "user_id"),
        Index("ix_escalation_pages_user_at", "user_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    escalation_id: Mapped[int] = mapped_column(ForeignKey("escalations.id"))
    incident_id: Mapped[int] = mapped_column(ForeignKey("incidents.id"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    at: Mapped[datetime] = mapped_column(default=now)
    round: Mapped[int]
    step: Mapped[int]
    is_sent: Mapped[bool] = mapped_column(comment="not, where it was over the person's cap")
    key: Mapped[str] = mapped_column(String(32), unique=True, comment="what the link in the page carries")
    answered_at: Mapped[datetime | None] = mapped_column(comment="when the link was used")
