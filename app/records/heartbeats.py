"""Heartbeats: jobs that are to be heard of at certain times, and what was heard of them."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.database import Base, EnumText
from app.severities import Severity
from contract import limits

KEPT_PINGS = 50
"""Pings of one heartbeat that are kept."""


class Beat(StrEnum):
    """How a heartbeat is."""

    NEW = "new"
    """Not heard of yet, or not since it was resumed."""
    UP = "up"
    LATE = "late"
    """Its ping is due, and the grace runs."""
    DOWN = "down"
    """It failed, or the grace is over."""
    PAUSED = "paused"


class BeatAction(StrEnum):
    """What can happen to a heartbeat."""

    SUCCEED = "succeed"
    FAIL = "fail"
    FALL_DUE = "fall_due"
    RUN_OUT = "run_out"
    PAUSE = "pause"
    RESUME = "resume"


ALLOWED: dict[tuple[Beat, BeatAction], Beat] = {
    (Beat.NEW, BeatAction.SUCCEED): Beat.UP,
    (Beat.NEW, BeatAction.FAIL): Beat.DOWN,
    (Beat.NEW, BeatAction.FALL_DUE): Beat.LATE,
    (Beat.NEW, BeatAction.RUN_OUT): Beat.DOWN,
    (Beat.NEW, BeatAction.PAUSE): Beat.PAUSED,
    (Beat.UP, BeatAction.SUCCEED): Beat.UP,
    (Beat.UP, BeatAction.FAIL): Beat.DOWN,
    (Beat.UP, BeatAction.FALL_DUE): Beat.LATE,
    (Beat.UP, BeatAction.RUN_OUT): Beat.DOWN,
    (Beat.UP, BeatAction.PAUSE): Beat.PAUSED,
    (Beat.LATE, BeatAction.SUCCEED): Beat.UP,
    (Beat.LATE, BeatAction.FAIL): Beat.DOWN,
    (Beat.LATE, BeatAction.RUN_OUT): Beat.DOWN,
    (Beat.LATE, BeatAction.PAUSE): Beat.PAUSED,
    (Beat.DOWN, BeatAction.SUCCEED): Beat.UP,
    (Beat.DOWN, BeatAction.FAIL): Beat.DOWN,
    (Beat.DOWN, BeatAction.RUN_OUT): Beat.DOWN,
    (Beat.DOWN, BeatAction.PAUSE): Beat.PAUSED,
    (Beat.PAUSED, BeatAction.RESUME): Beat.NEW,
}


class PingKind(StrEnum):
    """What a ping says."""

    SUCCESS = "success"
    START = "start"
    FAIL = "fail"
    LOG = "log"
    LISTENING = "listening"
    """No ping: a web process has started, so pings may have been turned away before."""


class Heartbeat(Base):
    """A job that pings when it is done; silence beyond its time opens an incident."""

    __tablename__ = "heartbeats"
    __table_args__ = (Index("ix_heartbeats_state_due", "state", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(limits.HEARTBEAT_NAME), unique=True)
    service: Mapped[str | None] = mapped_column(String(limits.SERVICE))
    severity: Mapped[Severity] = mapped_column(EnumText(Severity), comment="of the incident it opens")
    period_s: Mapped[int | None] = mapped_column(comment="between two pings; none: it has a cron expression")
    cron: Mapped[str | None] = mapped_column(String(limits.CRON))
    zone: Mapped[str] = mapped_column(String(64), default="UTC", comment="whose clock cron keeps to")
    grace_s: Mapped[int]
    state: Mapped[Beat] = mapped_column(EnumText(Beat), default=Beat.NEW)
    ping_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """Finds the heartbeat by the secret id of its address; `ping_sealed` shows that id to people again."""
    ping_sealed: Mapped[str] = mapped_column(Text, default="")
    pings: Mapped[int] = mapped_column(default=0, comment="all that ever came")
    last_ping_at: Mapped[datetime | None] = mapped_column(comment="the last success or failure")
    started_at: Mapped[datetime | None] = mapped_column(comment="its job runs since then")
    due_at: Mapped[datetime | None] = mapped_column(comment="when the next ping is due; then the grace runs")
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"))
    """The incident of this failure, or of the last one."""
    created_by: Mapped[str] = mapped_column(String(limits.PERSON))
    created_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def grace(self) -> timedelta:
        """Return how long a ping may be late."""
        return timedelta(seconds=self.grace_s)


class HeartbeatPing(Base):
    """One of the last pings of a heartbeat."""

    __tablename__ = "heartbeat_pings"
    __table_args__ = (UniqueConstraint("heartbeat_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    heartbeat_id: Mapped[int] = mapped_column(ForeignKey("heartbeats.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(comment="1 for the heartbeat's first")
    at: Mapped[datetime]
    kind: Mapped[PingKind] = mapped_column(EnumText(PingKind))
    exit_status: Mapped[int | None]
    run: Mapped[str | None] = mapped_column(String(36), comment="which run of the job, a UUID")
    duration_s: Mapped[float | None] = mapped_column(comment="since the start of the same run")
    body: Mapped[str] = mapped_column(Text, default="")
    is_cut: Mapped[bool] = mapped_column(default=False)
    address: Mapped[str | None] = mapped_column(String(64))
    agent: Mapped[str] = mapped_column(String(limits.NAME), default="")


class PingArrival(Base):
    """A ping that was answered and has not taken effect yet. On SQLite they wait in a file of their own."""

    __tablename__ = "ping_arrivals"

    id: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    heartbeat_id: Mapped[int] = mapped_column(comment="0: a web process began to listen")
    at: Mapped[datetime]
    kind: Mapped[PingKind] = mapped_column(EnumText(PingKind))
    exit_status: Mapped[int | None]
    run: Mapped[str | None] = mapped_column(String(36))
    body: Mapped[str] = mapped_column(Text)
    is_cut: Mapped[bool]
    address: Mapped[str | None] = mapped_column(String(64))
    agent: Mapped[str] = mapped_column(String(limits.NAME))


class HeartbeatWatch(Base):
    """How the workers stand with heartbeats: one row, which a worker locks while it judges."""

    __tablename__ = "heartbeat_watch"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    judged_at: Mapped[datetime | None] = mapped_column(comment="when a worker last looked")
    heard_again_at: Mapped[datetime | None] = mapped_column(comment="since when pings are heard, after a gap")
    spool: Mapped[str] = mapped_column(String(36), default="", comment="which file of pings; SQLite only")
    taken: Mapped[int] = mapped_column(BigInteger, default=0, comment="the last ping taken from that file")
