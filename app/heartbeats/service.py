"""What people and programs do with heartbeats. Each change has its entry in the audit trail."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import func, select

from app import vault
from app.clock import now
from app.database import transaction
from app.errors import FieldError, InvalidInput, InvalidTransition
from app.extensions import db
from app.heartbeats import incidents, queries
from app.heartbeats.schedule import LONGEST, SHORTEST, Schedule, cron_problem, is_zone
from app.records import audit
from app.records.actors import Actor
from app.records.audit_entries import (
    HeartbeatChanged,
    HeartbeatCreated,
    HeartbeatDeleted,
    HeartbeatMoved,
    HeartbeatPaused,
    HeartbeatResumed,
)
from app.records.heartbeats import ALLOWED, Beat, BeatAction, Heartbeat
from app.severities import Severity
from app.text import entered
from app.vault import Purpose
from contract import durations, limits
from contract.text import one_line

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a job is to be watched: by ``period`` or by ``cron``; durations as people write them."""

    name: str
    severity: Severity
    grace: str
    period: str = ""
    cron: str = ""
    zone: str = "UTC"
    service: str = ""


def create(plan: Plan, *, actor: Actor) -> Heartbeat:
    """Watch a job; it is `new` until its first ping.

    Raises:
        InvalidInput: a field is wrong, the name is taken, or there are too many.

    """
    values = _checked(plan)
    with transaction():
        _check_name(values["name"])
        if (db.session.scalar(select(func.count()).select_from(Heartbeat)) or 0) >= limits.HEARTBEATS:
            raise InvalidInput(f"There are {limits.HEARTBEATS:,} heartbeats already; delete one first.")
        heartbeat = Heartbeat(**values, ping_hash=_digest(secret := uuid4()), created_by=actor.name)
        db.session.add(heartbeat)
        db.session.flush()
        _seal(heartbeat, secret)
        summary = f"{actor.name} created heartbeat {heartbeat.id}: {heartbeat.name}"
        audit.record(HeartbeatCreated(heartbeat=heartbeat.id), actor, summary)
    return heartbeat


def change(heartbeat_id: int, plan: Plan, *, actor: Actor) -> Heartbeat:
    """Watch a job in another way; what was heard of it stays, and counts for the new schedule.

    Raises:
        NotFound: there is none with this id.
        InvalidInput: a field is wrong, or the name is taken.

    """
    values = _checked(plan)
    with transaction():
        heartbeat = queries.get(heartbeat_id, is_locked=True)
        _check_name(values["name"], but=heartbeat_id)
        for name, value in values.items():
            setattr(heartbeat, name, value)
        if heartbeat.due_at is not None:
            heartbeat.due_at = schedule_of(heartbeat).after(now())
            heartbeat.state = Beat.UP if heartbeat.state is Beat.LATE else heartbeat.state
        summary = f"{actor.name} changed heartbeat {heartbeat.id}: {heartbeat.name}"
        audit.record(HeartbeatChanged(heartbeat=heartbeat.id), actor, summary)
    return heartbeat


def pause(heartbeat_id: int, *, actor: Actor) -> Heartbeat:
    """Expect no pings until the heartbeat is resumed; its incident ends, unless a person has it.

    Raises:
        NotFound: there is none with this id.
        InvalidTransition: it is paused already.

    """
    with transaction():
        heartbeat = queries.get(heartbeat_id, is_locked=True)
        was_down = heartbeat.state is Beat.DOWN
        move(heartbeat, BeatAction.PAUSE)
        heartbeat.due_at = heartbeat.started_at = None
        if was_down:
            incidents.end(heartbeat, f"{actor.name} paused the heartbeat")
        summary = f"{actor.name} paused heartbeat {heartbeat.id}: {heartbeat.name}"
        audit.record(HeartbeatPaused(heartbeat=heartbeat.id), actor, summary)
    return heartbeat


def resume(heartbeat_id: int, *, actor: Actor) -> Heartbeat:
    """Expect pings again; one that has ever pinged is due within its time from now on.

    Raises:
        NotFound: there is none with this id.
        InvalidTransition: it is not paused.

    """
    with transaction():
        heartbeat = queries.get(heartbeat_id, is_locked=True)
        move(heartbeat, BeatAction.RESUME)
        heartbeat.due_at = schedule_of(heartbeat).after(now()) if heartbeat.last_ping_at else None
        summary = f"{actor.name} resumed heartbeat {heartbeat.id}: {heartbeat.name}"
        audit.record(HeartbeatResumed(heartbeat=heartbeat.id), actor, summary)
    return heartbeat


def renew(heartbeat_id: int, *, actor: Actor) -> Heartbeat:
    """Give a heartbeat a new address; the old one is unknown from now on.

    Raises:
        NotFound: there is none with this id.

    """
    with transaction():
        heartbeat = queries.get(heartbeat_id, is_locked=True)
        secret = uuid4()
        heartbeat.ping_hash = _digest(secret)
        _seal(heartbeat, secret)
        summary = f"{actor.name} gave heartbeat {heartbeat.id} a new address: {heartbeat.name}"
        audit.record(HeartbeatMoved(heartbeat=heartbeat.id), actor, summary)
    return heartbeat


def delete(heartbeat_id: int, *, actor: Actor) -> None:
    """Forget a heartbeat and its pings; its incident ends, unless a person has it.

    Raises:
        NotFound: there is none with this id.

    """
    with transaction():
        heartbeat = queries.get(heartbeat_id, is_locked=True)
        if heartbeat.state is Beat.DOWN:
            incidents.end(heartbeat, f"{actor.name} deleted the heartbeat")
        summary = f"{actor.name} deleted heartbeat {heartbeat.id}: {heartbeat.name}"
        audit.record(HeartbeatDeleted(heartbeat=heartbeat.id), actor, summary)
        db.session.delete(heartbeat)


def secret_of(heartbeat: Heartbeat) -> str:
    """Return the secret id of its address; empty if OIMS_SECRET_KEY is another than when it was made."""
    try:
        return vault.open_(heartbeat.ping_sealed, purpose=Purpose.PING_ADDRESS, owner=heartbeat.id)
    except vault.Unreadable:
        log.warning("ping_address_unreadable", heartbeat=heartbeat.id, hint="OIMS_SECRET_KEY has changed")
        return ""


def at_address(secret: UUID) -> tuple[int, datetime] | None:
    """Return the id of the heartbeat at this address and when it was created, or nothing."""
    statement = select(Heartbeat.id, Heartbeat.created_at).where(Heartbeat.ping_hash == _digest(secret))
    found = db.session.execute(statement).one_or_none()
    db.session.rollback()
    return (found.id, found.created_at) if found is not None else None


def schedule_of(heartbeat: Heartbeat) -> Schedule:
    """Return when its pings are due."""
    period = timedelta(seconds=heartbeat.period_s) if heartbeat.period_s else None
    return Schedule(period=period, cron=heartbeat.cron, zone=heartbeat.zone)


def move(heartbeat: Heartbeat, action: BeatAction) -> None:
    """Make the transition.

    Raises:
        InvalidTransition: the heartbeat's state doesn't allow it.

    """
    state = ALLOWED.get((heartbeat.state, action))
    if state is None:
        words = {BeatAction.PAUSE: "paused", BeatAction.RESUME: "resumed"}
        raise InvalidTransition(
            f"This heartbeat is {heartbeat.state} and can't be {words.get(action, 'changed')} now."
        )
    heartbeat.state = state


def _digest(secret: UUID) -> str:
    return hashlib.sha256(str(secret).encode()).hexdigest()


def _seal(heartbeat: Heartbeat, secret: UUID) -> None:
    heartbeat.ping_sealed = vault.seal(str(secret), purpose=Purpose.PING_ADDRESS, owner=heartbeat.id)


def _check_name(name: str, but: int | None = None) -> None:
    statement = select(Heartbeat.id).where(Heartbeat.name == name, Heartbeat.id != (but or 0))
    if db.session.scalar(statement) is not None:
        message = "There is a heartbeat of this name already."
        raise InvalidInput(message, [{"field": "name", "message": message}])


def _checked(plan: Plan) -> dict[str, Any]:
    """Return the columns that a plan gives; raises InvalidInput with all that is wrong."""
    errors: list[FieldError] = []
    cron = " ".join(plan.cron.split())
    is_known = is_zone(plan.zone)
    if not is_known:
        errors.append({"field": "zone", "message": "There is no time zone of this name."})
    if bool(cron) == bool(plan.period):
        message = "Give either a period or a cron expression."
        errors.append({"field": "cron" if cron else "period", "message": message})
    elif cron and is_known and (problem := cron_problem(cron, plan.zone)):
        errors.append({"field": "cron", "message": problem})
    values: dict[str, Any] = {
        "period_s": _seconds("period", plan.period, errors) if plan.period else None,
        "grace_s": _seconds("grace", plan.grace, errors),
    }
    if errors:
        raise InvalidInput(errors[0]["message"], errors)
    return values | {
        "name": one_line(entered("name", plan.name, limits.HEARTBEAT_NAME, required=True)),
        "service": one_line(entered("service", plan.service, limits.SERVICE)) or None,
        "severity": plan.severity,
        "cron": cron or None,
        "zone": plan.zone,
    }


def _seconds(field: str, text: str, errors: list[FieldError]) -> int:
    try:
        seconds = durations.read_whole(text)
    except ValueError as error:
        errors.append({"field": field, "message": f"This {error}."})
        return 0
    if not SHORTEST.total_seconds() <= seconds <= LONGEST.total_seconds():
        errors.append({"field": field, "message": f"Write between 1m and {LONGEST.days}d."})
    return seconds
