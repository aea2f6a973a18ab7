"""Teams, schedules with their layers, and overrides: who is on call."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base
from contract import limits


class Team(Base):
    """People who look after something together."""

    __tablename__ = "teams"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(limits.TEAM_NAME), unique=True)
    lead_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), comment="told of gaps, asked last")
    created_by: Mapped[str] = mapped_column(String(limits.PERSON))
    created_at: Mapped[datetime] = mapped_column(default=now)


class TeamMember(Base):
    """One account in one team."""

    __tablename__ = "team_members"

    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Schedule(Base):
    """Who is on call when; its layers and overrides say it."""

    __tablename__ = "schedules"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(limits.SCHEDULE_NAME), unique=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"), index=True)
    zone: Mapped[str] = mapped_column(String(64), comment="whose clock its layers keep to")
    created_by: Mapped[str] = mapped_column(String(limits.PERSON))
    created_at: Mapped[datetime] = mapped_column(default=now)
    handed_over_at: Mapped[datetime | None] = mapped_column(
        comment="the last handover that its people were told of"
    )


class GapNotice(Base):
    """A gap that the lead was told of; one that comes back each week is the same."""

    __tablename__ = "gap_notices"
    __table_args__ = (
        UniqueConstraint(
            "schedule_id", "minute", "length_s", name="uq_gap_notices_schedule_id_minute_length_s"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedules.id", ondelete="CASCADE"))
    minute: Mapped[int] = mapped_column(comment="of the week by the schedule's clock, when it begins")
    length_s: Mapped[int] = mapped_column(comment="0: no end is known")
    starts_at: Mapped[datetime] = mapped_column(comment="the last one of this kind that was seen")


class Layer(Base):
    """People who take turns, from one moment to another.

    A change ends the row and begins another one with the same key, so that the past stays as it was.
    """

    __tablename__ = "schedule_layers"
    __table_args__ = (Index("ix_schedule_layers_schedule_end", "schedule_id", "ends_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedules.id", ondelete="CASCADE"))
    key: Mapped[int] = mapped_column(comment="which layer of the schedule it is, through all changes")
    name: Mapped[str] = mapped_column(String(limits.LAYER_NAME))
    rank: Mapped[int] = mapped_column(comment="a higher layer wins")
    zone: Mapped[str] = mapped_column(String(64), comment="the schedule's when the row was made")
    unit: Mapped[str] = mapped_column(String(limits.WORD), comment="hours, days or weeks")
    every: Mapped[int] = mapped_column(comment="how many of them a turn lasts")
    handover: Mapped[int] = mapped_column(comment="when turns change, in minutes of the day")
    weekday: Mapped[int] = mapped_column(comment="on which day, 0 is Monday; only for weeks")
    turns: Mapped[list[Any]] = mapped_column(JSON, comment="in order; each is a list of accounts")
    first: Mapped[int] = mapped_column(default=0, comment="the number of the turn that it begins with")
    restrictions: Mapped[list[dict[str, Any]]] = mapped_column(comment="weekdays, start and end in minutes")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    replaced_at: Mapped[datetime | None] = mapped_column(comment="when it was changed or removed")
    created_by: Mapped[str] = mapped_column(String(limits.PERSON))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Override(Base):
    """Somebody takes over for a time, from whoever is on call or from one of them."""

    __tablename__ = "schedule_overrides"
    __table_args__ = (Index("ix_schedule_overrides_schedule_end", "schedule_id", "ends_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedules.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), comment="who takes over")
    instead_of_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), comment="empty: from all")
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(limits.COMMENT), default="")
    created_by: Mapped[str] = mapped_column(String(limits.PERSON))
    created_by_id: Mapped[int | None] = mapped_column(comment="the account, if a person")
    created_at: Mapped[datetime] = mapped_column(default=now)
