"""Which parts of the platform are heard of, for an outside watcher: judged from the database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import func, select

from app.alerts.arrival import is_watchdog_overdue
from app.clock import now
from app.config import Settings
from app.extensions import db
from app.ops import figures
from app.records import cursor
from app.records.automation import SILENT_AFTER
from app.records.channels import Channel
from app.records.operations import WorkerHeartbeat

MAIL_STUCK_AFTER = timedelta(minutes=10)
"""As the rule MailStuck has it."""


class Hearing(StrEnum):
    """Whether a part is heard of. Without a worker, the parts that only a worker hears are unknown."""

    HEARD = "heard"
    SILENT = "silent"
    UNKNOWN = "unknown"
    OFF = "off"


@dataclass(frozen=True)
class Parts:
    """How each part stands."""

    worker: Hearing
    mail: Hearing
    webhook: Hearing
    watchdog: Hearing
    automation: Hearing

    @property
    def can_tell(self) -> bool:
        """Say whether OIMS can tell people of everything else by itself."""
        return self.worker is Hearing.HEARD and self.mail in {Hearing.HEARD, Hearing.OFF}


def look(settings: Settings) -> Parts:
    """Return which parts are heard of now."""
    moment = now()
    worker = _since(
        db.session.scalar(select(func.max(WorkerHeartbeat.at))), moment, settings.worker_silent_after
    )
    is_stuck = figures.oldest_message_s(Channel.MAIL) > MAIL_STUCK_AFTER.total_seconds()
    beat = figures.automation_beat()
    webhook, watchdog = _by_the_worker(settings, moment, worker)
    return Parts(
        worker=worker,
        mail=(Hearing.SILENT if is_stuck else Hearing.HEARD) if settings.smtp_host else Hearing.OFF,
        webhook=webhook,
        watchdog=watchdog,
        automation=_since(beat.received_at, moment, SILENT_AFTER) if beat else Hearing.OFF,
    )


def _by_the_worker(settings: Settings, moment: datetime, worker: Hearing) -> tuple[Hearing, Hearing]:
    """Return how webhook and Watchdog stand; only a worker hears them."""
    if not settings.journal_url:
        return Hearing.OFF, Hearing.OFF
    if worker is not Hearing.HEARD:
        return Hearing.UNKNOWN, Hearing.UNKNOWN
    place = cursor.read()
    webhook = _since(place.caught_up_at, moment, settings.journal_silent_after)
    if place.watchdog_at is None or not settings.watchdog_silent_after:
        return webhook, Hearing.OFF
    if webhook is Hearing.SILENT:
        return webhook, Hearing.UNKNOWN
    is_overdue = is_watchdog_overdue(place, moment, settings.watchdog_silent_after)
    return webhook, Hearing.SILENT if is_overdue else Hearing.HEARD


def _since(heard_at: datetime | None, moment: datetime, after: timedelta) -> Hearing:
    return Hearing.HEARD if heard_at is not None and moment - heard_at <= after else Hearing.SILENT
