"""The worker's part in paging: escalations that are due are judged, and what follows is done.

The step, its entry on the timeline, its mails and the time of the next step are one transaction under the
lock of the incident. So each step happens once, whoever is killed, and several workers on PostgreSQL pass
over what another one has locked.
"""

from datetime import datetime, timedelta
from threading import Event
from time import monotonic

import structlog
from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from app.clock import now
from app.database import HELD_S, transaction
from app.escalations import acts, holds, machine
from app.escalations.steps import Notify, Stop, Wait, next_step
from app.extensions import db
from app.records.escalations import ACTIVE, Escalation
from app.records.incidents import Incident

log = structlog.get_logger()

AGAIN_AFTER_DEFECT = timedelta(minutes=1)
LOOK_EVERY_S = 1.0
STEP = timedelta(seconds=15)
"""Times written so far in the future tell of a clock that was set back; less is the clock of another host."""


def run(stop: Event) -> None:
    """Page until told to stop."""
    while not stop.is_set():
        try:
            while look() and not stop.is_set():
                pass
        except SQLAlchemyError as error:
            log.warning("nobody_paged", error=type(error).__name__)
        stop.wait(LOOK_EVERY_S)


def look() -> bool:
    """Judge what is due, as much as one transaction should; say whether there may be more."""
    is_idle = db.session.scalar(select(Escalation.id).where(_is_due(now())).limit(1)) is None
    db.session.rollback()  # between two looks an open transaction would hold up migrations and restores
    if is_idle:
        return False
    with transaction():
        started = monotonic()
        while _judge_next(now()):
            if monotonic() - started > HELD_S:
                return True
    return False


def _judge_next(moment: datetime) -> bool:
    """Judge the escalation that has been due for longest, unless another worker has its incident."""
    incident = db.session.scalar(
        select(Incident)
        .join(Escalation, Escalation.incident_id == Incident.id)
        .where(_is_due(moment))
        .order_by(Escalation.due_at, Escalation.id)
        .limit(1)
        .with_for_update(of=Incident, skip_locked=True),
        execution_options={"populate_existing": True},
    )
    if incident is None:
        return False
    statement = select(Escalation).where(Escalation.incident_id == incident.id, _is_due(moment))
    statement = statement.order_by(Escalation.id).with_for_update()
    for escalation in db.session.scalars(statement, execution_options={"populate_existing": True}).all():
        _judge_apart(escalation, incident, moment)
    return True


def _judge_apart(escalation: Escalation, incident: Incident, moment: datetime) -> None:
    """Judge one escalation in a savepoint: one that can't be judged keeps none of the others waiting.

    A database that is away is no defect of the escalation: everything is tried again.
    """
    escalation_id, incident_id = escalation.id, incident.id
    try:
        with db.session.begin_nested():
            judge(escalation, incident, moment)
    except OperationalError:
        raise
    except Exception:
        log.exception("page_failed", escalation=escalation_id, incident=incident_id)
        later = moment + AGAIN_AFTER_DEFECT
        db.session.execute(
            update(Escalation).where(Escalation.id == escalation_id).values(due_at=later, set_at=moment)
        )


def judge(escalation: Escalation, incident: Incident, moment: datetime) -> None:
    """Do what comes next about one escalation; a step that reaches nobody is followed by the next at once."""
    _correct(escalation, moment)
    leader = db.session.get(Escalation, escalation.joined_to) if escalation.joined_to else None
    if leader is not None:
        db.session.refresh(leader)
    does = machine.of(incident, moment)
    hold = holds.of(escalation, incident, moment)
    while True:
        step = next_step(escalation, incident, does, moment, hold=hold, leader=leader)
        if isinstance(step, Stop):
            acts.end(escalation, incident, step, moment)
            return
        if isinstance(step, Wait):
            acts.wait(escalation, incident, step, moment)
            return
        if isinstance(step, Notify) and acts.notify(escalation, incident, step, moment):
            return


def _is_due(moment: datetime) -> ColumnElement[bool]:
    return and_(
        Escalation.state.in_(ACTIVE), or_(Escalation.due_at <= moment, Escalation.set_at > moment + STEP)
    )


def _correct(escalation: Escalation, moment: datetime) -> None:
    """Move all times of an escalation back with a clock that was set back: what was waited for stays."""
    moved = escalation.set_at - moment
    if moved <= STEP:
        return
    for name in ("begun_at", "due_at", "step_at", "paged_at", "set_at"):
        at = getattr(escalation, name)
        setattr(escalation, name, at - moved if at is not None else None)
