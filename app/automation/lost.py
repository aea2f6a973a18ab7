"""Runs that nobody ended: closed as unknown, so that nothing is running for ever.

Automation tells of a run by reports, and in each heartbeat while the run or its verdict is open. When both
are silent for too long, its report was refused, or its ledger or its machine is gone.
"""

from datetime import datetime, timedelta
from threading import Event

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from app.automation import service
from app.clock import in_words, now
from app.config import Settings
from app.database import transaction
from app.extensions import db
from app.records.automation import Run

log = structlog.get_logger()

LOOK_EVERY_S = 15.0
BATCH = 100

_HEARD_AT = func.coalesce(Run.heard_at, Run.received_at)


def watch(settings: Settings, stop: Event) -> None:
    """Close lost runs until told to stop."""
    while not stop.is_set():
        try:
            close(settings.run_lost_after)
        except SQLAlchemyError as error:
            log.warning("lost_runs_not_closed", error=type(error).__name__)
        stop.wait(LOOK_EVERY_S)


def close(silence: timedelta) -> int:
    """Close the runs of which nothing was heard for so long; return how many."""
    before = now() - silence
    statement = (
        select(Run.id)
        .where(service.is_unsettled(), Run.received_at < before, before > _HEARD_AT)
        .limit(BATCH)
    )
    silent = db.session.scalars(statement).all()
    db.session.rollback()  # between two looks an open transaction would hold up migrations and restores
    return sum(_close(run_id, before, silence) for run_id in silent)


def _close(run_id: str, before: datetime, silence: timedelta) -> bool:
    """Close one run in a transaction, unless it was heard of meanwhile."""
    with transaction():
        statement = (
            select(Run).where(Run.id == run_id, service.is_unsettled(), before > _HEARD_AT).with_for_update()
        )
        run = db.session.scalar(statement)
        if run is None or run.received_at >= before:
            return False
        service.close_unheard(run, f"nothing was heard of it for {in_words(silence.total_seconds())}")
    log.warning("run_lost", run=run_id, silence_s=silence.total_seconds())
    return True
