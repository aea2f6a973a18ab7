"""The worker's watch over heartbeats: pings take effect, and those that are overdue open incidents.

Each worker looks every second and judges under the lock of one row, so that what several see is done once;
state, incident, timeline, mails and the mark of the pings taken are one transaction.

No ping can be heard while OIMS is away, and nothing can be concluded from times of a clock that was moved. So
after such a gap the clients get a chance first, see `_chance_until`.
"""

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Event
from time import monotonic

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app.clock import now
from app.database import transaction
from app.extensions import db
from app.heartbeats import arrivals, effects
from app.heartbeats.arrivals import Mark
from app.heartbeats.service import schedule_of
from app.records.heartbeats import Beat, BeatAction, Heartbeat, HeartbeatWatch, PingKind

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
MARK_EVERY = timedelta(seconds=10)
GAP = timedelta(seconds=30)
"""When nobody has judged for so long, pings may have been turned away."""
STEP = timedelta(seconds=15)
"""How far the clock must move against the steady one for times to be corrected."""
CHANCE = timedelta(minutes=15)
"""The most that clients get after a gap, whatever their period."""
ONE_CHANCE_IN = timedelta(hours=1)
"""A part that starts again and again must not silence heartbeats for ever."""
BATCH = 50
"""Heartbeats that are judged in one transaction."""

WAITING = (Beat.NEW, Beat.UP, Beat.LATE, Beat.DOWN)
"""One that is down is waited for as well: a person may resolve its incident before its job is well."""


class Watch:
    """What one worker knows of the time that passed since it last looked."""

    def __init__(self) -> None:
        self._steady: float | None = None
        self._clock = now()

    def run(self, stop: Event) -> None:
        """Look until told to stop."""
        while not stop.is_set():
            try:
                while self.look():
                    pass
            except (SQLAlchemyError, sqlite3.Error, OSError) as error:
                log.warning("heartbeats_not_judged", error=type(error).__name__)
            stop.wait(LOOK_EVERY_S)

    def look(self) -> bool:
        """Let waiting pings take effect and judge what is due; say whether there may be more to do."""
        moved = self._moved()
        if not moved and self._is_idle():
            return False
        with transaction():
            place = db.session.scalars(select(HeartbeatWatch).with_for_update()).one()
            has_more = _judge(place, moved)
            db.session.flush()
            mark = Mark(place.spool, place.taken)
        arrivals.here().forget(mark)
        return has_more

    def _is_idle(self) -> bool:
        """Say, without writing, that there is nothing to do but to mark the time, and not even that."""
        moment = now()
        place = db.session.scalars(select(HeartbeatWatch)).one()
        is_marked = place.judged_at is not None and abs(moment - place.judged_at) < MARK_EVERY
        is_idle = is_marked and arrivals.here().is_empty(place) and not _to_do(place, moment)
        db.session.rollback()  # between two looks an open transaction would hold up migrations and restores
        return is_idle

    def _moved(self) -> timedelta:
        """Return by how much the clock was moved since the last look; nothing is nothing."""
        steady, clock = monotonic(), now()
        passed = steady - self._steady if self._steady is not None else 0.0
        moved = clock - self._clock - timedelta(seconds=passed) if self._steady is not None else timedelta()
        self._steady, self._clock = steady, clock
        return moved if abs(moved) > STEP else timedelta()


def conclude(
    state: Beat, due_at: datetime, overdue_at: datetime, moment: datetime, chance_until: datetime | None
) -> BeatAction | None:
    """Return what the passing of time does to a heartbeat; pure.

    ``chance_until`` is given where OIMS was away when the ping was due or later: till then none is overdue.
    """
    if overdue_at <= moment and (chance_until is None or chance_until <= moment):
        return BeatAction.RUN_OUT
    is_told = state in {Beat.LATE, Beat.DOWN}
    return BeatAction.FALL_DUE if due_at <= moment and not is_told else None


def _judge(place: HeartbeatWatch, moved: timedelta) -> bool:
    moment = now()
    # Where another worker has judged by the moved clock, it has corrected the times.
    has_moved = bool(moved) and place.judged_at is not None and abs(moment - place.judged_at) > STEP
    if has_moved:
        _correct(place, moved, moment)
    taken = arrivals.here().take(place)
    is_gap = place.judged_at is None or (moment - place.judged_at > GAP and not has_moved)
    if is_gap or any(arrival.kind is PingKind.LISTENING for arrival in taken):
        _hear_again(place, moment)
    for arrival in taken:
        if arrival.kind is not PingKind.LISTENING:
            effects.take(arrival, counts_from=moment if has_moved else None)
    db.session.flush()
    place.judged_at = moment
    to_do = _to_do(place, moment, is_locked=True)
    for heartbeat, action in to_do[:BATCH]:
        if action is BeatAction.FALL_DUE:
            effects.fall_due(heartbeat)
        else:
            effects.run_out(heartbeat, was_away=_chance_until(heartbeat, place) is not None)
    return len(to_do) > BATCH or len(taken) == arrivals.BATCH


def _to_do(
    place: HeartbeatWatch, moment: datetime, *, is_locked: bool = False
) -> Sequence[tuple[Heartbeat, BeatAction]]:
    """Return the heartbeats that the passing of time changes, and how."""
    statement = select(Heartbeat).where(Heartbeat.state.in_(WAITING), Heartbeat.due_at <= moment)
    statement = statement.order_by(Heartbeat.due_at, Heartbeat.id)
    if is_locked:
        statement = statement.with_for_update()
    found = db.session.scalars(statement, execution_options={"populate_existing": is_locked})
    judged = [(heartbeat, _conclude(heartbeat, place, moment)) for heartbeat in found]
    return [(heartbeat, action) for heartbeat, action in judged if action is not None]


def _conclude(heartbeat: Heartbeat, place: HeartbeatWatch, moment: datetime) -> BeatAction | None:
    due_at = heartbeat.due_at
    if due_at is None:
        return None
    chance_until = _chance_until(heartbeat, place)
    return conclude(heartbeat.state, due_at, due_at + heartbeat.grace, moment, chance_until)


def _chance_until(heartbeat: Heartbeat, place: HeartbeatWatch) -> datetime | None:
    """Return until when a client may still be heard that pinged in vain while OIMS was away, if it was."""
    since = place.heard_again_at
    if since is None or heartbeat.due_at is None or heartbeat.due_at >= since:
        return None
    usual = timedelta(seconds=heartbeat.period_s + heartbeat.grace_s) if heartbeat.period_s else CHANCE
    return since + min(usual, CHANCE)


def _hear_again(place: HeartbeatWatch, moment: datetime) -> None:
    since = place.heard_again_at
    if since is None or not timedelta() <= moment - since < ONE_CHANCE_IN:
        place.heard_again_at = moment


def _correct(place: HeartbeatWatch, moved: timedelta, moment: datetime) -> None:
    """Move what was counted by the clock before it was moved; what cron has yet to bring is by the new clock.

    What was due already, or is due by its job's start, keeps the rest of its grace, whatever its schedule.
    """
    log.warning("clock_was_moved", by_s=moved.total_seconds())
    if place.heard_again_at is not None:
        place.heard_again_at += moved
    statement = select(Heartbeat).where(Heartbeat.state.in_(WAITING), Heartbeat.due_at.is_not(None))
    for heartbeat in db.session.scalars(statement.with_for_update()):
        if heartbeat.started_at is not None:
            heartbeat.started_at += moved
        if heartbeat.due_at is not None:
            is_to_come = heartbeat.due_at > moment - moved
            heartbeat.due_at += moved
            if heartbeat.cron and is_to_come:
                heartbeat.due_at = schedule_of(heartbeat).after(moment)
