"""Heartbeats as the pictures show them: one in each state, with a history."""

from datetime import timedelta

from app.clock import now
from app.database import transaction
from app.heartbeats import effects, service
from app.heartbeats.arrivals import Arrival
from app.heartbeats.service import Plan
from app.records.actors import Actor, ActorKind
from app.records.heartbeats import PingKind
from app.severities import Severity

BY = Actor(ActorKind.SYSTEM, "Nora")
DAYS = 30
FAILED_AGO = (4, 17, 18)
WROTE = "pg_dump: 41 tables of shop\nuploading shop-{day}.dump (2.1 GB)\n{end}\n"


def watch() -> int:
    """Make heartbeats and let them ping; return the number of the one with the longest history."""
    nightly = _make("Nightly backup of the shop", cron="30 2 * * *", zone="Europe/Berlin", service="shop")
    for day in range(DAYS, -1, -1):
        _night(nightly, day)
    _ping(_make("Renewal of certificates", period="1d", grace="6h"), PingKind.SUCCESS, minutes=300)
    failed = _make("Import of prices", period="15m", service="shop", severity=Severity.CRITICAL)
    _ping(failed, PingKind.FAIL, minutes=4, exit_status=3, body="The supplier's server answered 502.\n")
    _make("Monitoring of the warehouse", period="5m")
    paused = _make("Report of the month", cron="0 6 1 * *", grace="2h")
    service.pause(paused, actor=BY)
    return nightly


def _make(name: str, *, severity: Severity = Severity.HIGH, grace: str = "30m", **values: str) -> int:
    return service.create(Plan(name=name, severity=severity, grace=grace, **values), actor=BY).id


def _night(heartbeat: int, days_ago: int) -> None:
    """Start a run and end it; some failed."""
    minutes = days_ago * 24 * 60 + 90
    took = 21 + days_ago * 7 % 9
    has_failed = days_ago in FAILED_AGO
    end = "upload failed: no space left on device" if has_failed else "done"
    _ping(heartbeat, PingKind.START, minutes=minutes)
    _ping(
        heartbeat,
        PingKind.FAIL if has_failed else PingKind.SUCCESS,
        minutes=minutes - took,
        exit_status=int(has_failed),
        body=WROTE.format(day=days_ago, end=end),
    )


def _ping(
    heartbeat: int, kind: PingKind, *, minutes: int, exit_status: int | None = None, body: str = ""
) -> None:
    arrival = Arrival(
        heartbeat_id=heartbeat,
        at=now() - timedelta(minutes=minutes),
        kind=kind,
        exit_status=exit_status,
        body=body,
        address="192.0.2.17",
        agent="curl/8.14.1",
    )
    with transaction():
        effects.take(arrival)
