"""What a ping and the passing of time do to a heartbeat. All need a running transaction()."""

from datetime import datetime

from sqlalchemy import delete, select

from app.clock import in_words, now
from app.extensions import db
from app.formats import exact
from app.heartbeats import incidents, queries
from app.heartbeats.arrivals import Arrival
from app.heartbeats.service import move, schedule_of
from app.records.heartbeats import KEPT_PINGS, Beat, BeatAction, Heartbeat, HeartbeatPing, PingKind

ENDS = (PingKind.SUCCESS, PingKind.FAIL)


def take(arrival: Arrival, *, counts_from: datetime | None = None) -> None:
    """Let a ping take effect; one of a heartbeat that was deleted meanwhile has none.

    ``counts_from`` is given where the clock was moved since the ping came: its time can't be counted from.
    """
    heartbeat = queries.find(arrival.heartbeat_id, is_locked=True)
    if heartbeat is None or arrival.created_at not in {None, heartbeat.created_at}:
        return
    ping = _keep(heartbeat, arrival)
    moment = counts_from or arrival.at
    if ping.kind in ENDS:
        heartbeat.last_ping_at, heartbeat.started_at = ping.at, None
    if heartbeat.state is Beat.PAUSED:
        return
    if ping.kind is PingKind.START:
        _start(heartbeat, moment)
    elif ping.kind is PingKind.SUCCESS:
        _succeed(heartbeat, ping, moment)
    elif ping.kind is PingKind.FAIL:
        _fail(heartbeat, ping, moment)


def fall_due(heartbeat: Heartbeat) -> None:
    """Note that the ping is due and has not come; from now on the grace runs."""
    move(heartbeat, BeatAction.FALL_DUE)


def run_out(heartbeat: Heartbeat, *, was_away: bool) -> None:
    """Note that the grace is over, and open the incident, unless it is open; then wait for the next ping."""
    due_at, was_down = heartbeat.due_at, heartbeat.state is Beat.DOWN
    move(heartbeat, BeatAction.RUN_OUT)
    heartbeat.due_at = schedule_of(heartbeat).after(now())
    if was_down and incidents.is_open(heartbeat):
        return
    reason = f"It did not ping within {in_words(heartbeat.grace_s)}"
    if heartbeat.started_at is not None and due_at == heartbeat.started_at:
        reason += f" of its start at {exact(heartbeat.started_at)}."
    elif due_at is not None:
        reason += f" of {exact(due_at)}, when it was due."
    if was_away:
        reason += " OIMS itself was away around that time and may have missed a ping."
    incidents.begin(heartbeat, reason, _last(heartbeat))


def _start(heartbeat: Heartbeat, moment: datetime) -> None:
    """Give the job its grace from now on, but never more than its schedule gives it."""
    heartbeat.started_at = moment
    heartbeat.due_at = min(heartbeat.due_at or moment, moment)


def _succeed(heartbeat: Heartbeat, ping: HeartbeatPing, moment: datetime) -> None:
    was_down = heartbeat.state is Beat.DOWN
    move(heartbeat, BeatAction.SUCCEED)
    heartbeat.due_at = schedule_of(heartbeat).due_at(moment)
    if was_down:
        took = f", and took {in_words(ping.duration_s)}" if ping.duration_s is not None else ""
        incidents.end(heartbeat, f"“{heartbeat.name}” pinged at {exact(ping.at)}: all went well{took}")


def _fail(heartbeat: Heartbeat, ping: HeartbeatPing, moment: datetime) -> None:
    """Open the incident; one that a person resolved while the heartbeat stayed down begins again."""
    was_down = heartbeat.state is Beat.DOWN
    move(heartbeat, BeatAction.FAIL)
    heartbeat.due_at = schedule_of(heartbeat).due_at(moment)
    if not (was_down and incidents.is_open(heartbeat)):
        incidents.begin(heartbeat, "It failed.", ping)


def _keep(heartbeat: Heartbeat, arrival: Arrival) -> HeartbeatPing:
    """Store the ping, and forget what is older than the last ones."""
    heartbeat.pings += 1
    ping = HeartbeatPing(
        heartbeat_id=heartbeat.id,
        number=heartbeat.pings,
        duration_s=_duration(heartbeat, arrival),
        **arrival.model_dump(exclude={"heartbeat_id", "created_at"}),
    )
    db.session.add(ping)
    db.session.flush()
    old = (HeartbeatPing.heartbeat_id == heartbeat.id, HeartbeatPing.number <= ping.number - KEPT_PINGS)
    db.session.execute(delete(HeartbeatPing).where(*old))
    return ping


def _duration(heartbeat: Heartbeat, arrival: Arrival) -> float | None:
    """Return the seconds since the start of the same run, if that run has not ended before."""
    if arrival.kind not in ENDS:
        return None
    same_run = HeartbeatPing.run == arrival.run if arrival.run else HeartbeatPing.run.is_(None)
    statement = select(HeartbeatPing).where(
        HeartbeatPing.heartbeat_id == heartbeat.id,
        HeartbeatPing.kind.in_((PingKind.START, *ENDS)),
        same_run,
    )
    before = db.session.scalar(statement.order_by(HeartbeatPing.number.desc()).limit(1))
    if before is None or before.kind is not PingKind.START or before.at > arrival.at:
        return None
    return (arrival.at - before.at).total_seconds()


def _last(heartbeat: Heartbeat) -> HeartbeatPing | None:
    return next(iter(queries.pings(heartbeat.id)), None)
