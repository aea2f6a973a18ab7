"""Whether alerts come in: while they don't, an empty list proves nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.config import Settings
from app.extensions import db
from app.formats import relative
from app.records.alerts import JournalCursor

REFUSED_FOR = timedelta(minutes=15)
"""How long a refusal is told: alerts that go on are sent again within Alertmanager's repeat_interval."""

WHY = {
    "forbidden": "its token was the reader's",
    "too_large": "it was too large",
    "invalid": "it was no message of Alertmanager, or an alert in it was none",
}


@dataclass(frozen=True)
class Intake:
    """The status of the intake of alerts: a word, the kind of pill it has, and a sentence."""

    word: str
    kind: str
    detail: str
    is_deaf: bool = False


def is_watchdog_overdue(place: JournalCursor, now: datetime, after: timedelta) -> bool:
    """Say whether Prometheus or Alertmanager must be away. An installation without Watchdog never says so."""
    return bool(after) and place.watchdog_at is not None and now - place.watchdog_at > after


def summarize(now: datetime, settings: Settings) -> Intake:
    """Return whether alerts come in."""
    if not settings.journal_url:
        return Intake("Off", "off", "No journal is set (OIMS_JOURNAL_URL); only people open incidents.")
    place = db.session.get(JournalCursor, 1)
    if place is None:
        return Intake("Not arriving", "critical", "The worker has never read the journal.", is_deaf=True)
    read = relative(place.caught_up_at, now)
    if now - place.caught_up_at <= settings.journal_silent_after:
        if place.watchdog_at and is_watchdog_overdue(place, now, settings.watchdog_silent_after):
            return Intake(
                "Not arriving",
                "critical",
                f"Prometheus last sent the alert Watchdog {relative(place.watchdog_at, now)}. What has fired "
                "since is not in this list: look at Prometheus and Alertmanager.",
                is_deaf=True,
            )
        if place.refused_at is not None and now - place.refused_at <= REFUSED_FOR:
            why = WHY.get(place.refused_for or "", "it was no message of Alertmanager")
            return Intake(
                "Partly refused",
                "high",
                f"The webhook refused a delivery {relative(place.refused_at, now)}: {why}. What it carried "
                "is not in this list: look at Alertmanager, and at the webhook's log.",
            )
        return Intake("Arriving", "ok", f"(read {read})")
    return Intake(
        "Not arriving",
        "critical",
        f"The journal was last read to its end {read}. What has fired since is not in this list: look at "
        "Alertmanager, and at the worker's log.",
        is_deaf=True,
    )
