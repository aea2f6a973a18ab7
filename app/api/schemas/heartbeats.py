"""Heartbeats, as the API takes and gives them."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.api.schemas.base import NO_CONTROLS, Input, Text, Time, Word
from app.heartbeats.service import Plan
from app.records.heartbeats import Beat, Heartbeat, HeartbeatPing, PingKind
from app.severities import Severity
from contract import durations, limits

Duration = Annotated[str, Field(pattern=durations.WHOLE_PATTERN, max_length=limits.WORD)]


class HeartbeatPlan(Input):
    """How a job is to be watched: by `period` or by `cron`."""

    name: Annotated[Text, Field(max_length=limits.HEARTBEAT_NAME)]
    period: Annotated[Duration, Field(description="The time between two pings: `5m`, `1d`.")] = ""
    cron: Annotated[
        str,
        Field(max_length=limits.CRON, pattern=NO_CONTROLS, description="Five fields: `30 2 * * *`."),
    ] = ""
    zone: Annotated[Word, Field(description="Whose clock `cron` keeps to.")] = "UTC"
    grace: Annotated[Duration, Field(description="How late a ping may be, and how long the job may run.")] = (
        "5m"
    )
    severity: Annotated[Severity, Field(description="Of the incident that it opens.")] = Severity.HIGH
    service: Annotated[str | None, Field(max_length=limits.SERVICE, pattern=NO_CONTROLS)] = None

    def plan(self) -> Plan:
        """Return it as the use case takes it."""
        return Plan(**self.model_dump() | {"service": self.service or ""})


class HeartbeatOut(BaseModel):
    """A heartbeat. `address` is there for tokens that may write."""

    id: int
    name: str
    state: Beat
    period: str | None
    cron: str | None
    zone: str
    grace: str
    severity: Severity
    service: str | None
    pings: Annotated[int, Field(description="All that ever came.")]
    last_ping_at: Annotated[Time | None, Field(description="The last success or failure.")]
    started_at: Annotated[Time | None, Field(description="Its job runs since then.")]
    due_at: Time | None
    incident: Annotated[int | None, Field(description="Of this failure, or of the last one.")]
    address: Annotated[str | None, Field(description="The ping address.")]

    @classmethod
    def of(cls, heartbeat: Heartbeat, address: str | None) -> "HeartbeatOut":
        """Return the heartbeat as the API shows it."""
        return cls(
            id=heartbeat.id,
            name=heartbeat.name,
            state=heartbeat.state,
            period=durations.write(heartbeat.period_s) if heartbeat.period_s else None,
            cron=heartbeat.cron,
            zone=heartbeat.zone,
            grace=durations.write(heartbeat.grace_s),
            severity=heartbeat.severity,
            service=heartbeat.service,
            pings=heartbeat.pings,
            last_ping_at=heartbeat.last_ping_at,
            started_at=heartbeat.started_at,
            due_at=heartbeat.due_at,
            incident=heartbeat.incident_id,
            address=address,
        )


class PingOut(BaseModel):
    """One ping."""

    number: int
    at: Time
    kind: PingKind
    exit_status: int | None
    run: Annotated[str | None, Field(description="Which run of the job, as `rid` said.")]
    duration_s: float | None
    body: str
    cut: Annotated[bool, Field(description="The body was longer.")]

    @classmethod
    def of(cls, ping: HeartbeatPing) -> "PingOut":
        """Return the ping as the API shows it."""
        return cls(
            number=ping.number,
            at=ping.at,
            kind=ping.kind,
            exit_status=ping.exit_status,
            run=ping.run,
            duration_s=ping.duration_s,
            body=ping.body,
            cut=ping.is_cut,
        )
