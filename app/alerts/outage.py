"""The incident "Alerts are not arriving", which the worker opens because no alert can.

Each worker judges after each look at the journal. The row of the cursor keeps its conclusion, so that one
outage is one incident, however many workers there are and however often they restart.
"""

import time

import structlog

from app.alerts.arrival import is_watchdog_overdue
from app.clock import in_words, now
from app.config import Settings
from app.database import transaction
from app.incidents import changes, merging
from app.records import cursor, timeline
from app.records.actors import SYSTEM
from app.records.alerts import JournalCursor, Outage
from app.records.entries import AlertChanged, AlertFired, AlertResolved, Opened, Reopened, Resolved
from app.records.incidents import Incident, Source
from app.records.lifecycle import State
from app.records.outbox import MailKind
from app.severities import Severity

log = structlog.get_logger()

TITLE = "Alerts are not arriving"
LABELS = {"alertname": "AlertsNotArriving", "severity": Severity.CRITICAL.value, "service": "oims"}
SAID = {
    Outage.WEBHOOK_AWAY: "The webhook does not answer the worker.",
    Outage.JOURNAL_UNREAD: "The webhook answers, but the worker cannot read its journal.",
    Outage.WATCHDOG_OVERDUE: "Prometheus has stopped sending the alert Watchdog to Alertmanager, or "
    "Alertmanager does not answer the webhook.",
}
TO_DO = {
    Outage.WEBHOOK_AWAY: "Check that the webhook runs and that the worker can reach OIMS_JOURNAL_URL.",
    Outage.JOURNAL_UNREAD: "Read the worker's log: a wrong OIMS_JOURNAL_TOKEN, another server at "
    "OIMS_JOURNAL_URL, or a journal that the webhook cannot read.",
    Outage.WATCHDOG_OVERDUE: "Check that Prometheus and Alertmanager run and reach each other. If Watchdog "
    "was removed on purpose, set OIMS_WATCHDOG_SILENT_AFTER=0s.",
}


class Watch:
    """What one worker knows of an outage, by its own steady clock."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._started = self._read_at = time.monotonic()
        self._progress: object = None

    def heard(self) -> None:
        """Judge after the journal was read."""
        place = self._look()
        is_overdue = is_watchdog_overdue(place, now(), self._settings.watchdog_silent_after)
        is_new = time.monotonic() - self._started < self._settings.watchdog_silent_after.total_seconds()
        if is_overdue and place.outage is None and is_new:
            return  # all may have started together, Prometheus last
        self._conclude(place, Outage.WATCHDOG_OVERDUE if is_overdue else None)

    def missed(self, *, is_answered: bool) -> None:
        """Judge after the journal could not be read; `is_answered` says that something was there."""
        place = self._look()
        unread_s = time.monotonic() - self._read_at
        if place.outage in {Outage.WEBHOOK_AWAY, Outage.JOURNAL_UNREAD}:
            return  # a webhook that keeps restarting is away and unreadable in turn
        if unread_s >= self._settings.journal_silent_after.total_seconds():
            self._conclude(place, Outage.JOURNAL_UNREAD if is_answered else Outage.WEBHOOK_AWAY)

    def _look(self) -> JournalCursor:
        """Return how far any worker has read; progress of another one counts as reading, too."""
        place = cursor.read()
        progress = (place.offset, place.caught_up_at)
        if progress != self._progress:
            self._progress, self._read_at = progress, time.monotonic()
        return place

    def _conclude(self, seen: JournalCursor, outage: Outage | None) -> None:
        if seen.outage is outage:
            return
        with transaction():
            place = cursor.lock()
            if place.outage is not seen.outage or place.caught_up_at != seen.caught_up_at:
                return  # another worker has concluded, or read
            if outage is None:
                _end(place)
            elif place.outage is None:
                _begin(place, outage, self._settings)
            else:
                _go_on(place, outage)
            place.outage = outage
        name = "alerts_not_arriving" if outage else "alerts_arrive_again"
        log.warning(name, cause=outage, incident=place.outage_incident_id)


def _begin(place: JournalCursor, outage: Outage, settings: Settings) -> None:
    """Open an incident, or take the last one up again, as the intake does for an alert."""
    place.outage_since = now()
    last = _incident(place)
    if last is not None and last.state is not State.RESOLVED:
        timeline.record(last.id, AlertFired(), SYSTEM, f"Again no alert can arrive. {SAID[outage]}")
    elif last is not None and last.resolved_at and now() - last.resolved_at <= settings.reopen_window:
        changes.restart(last, Reopened(), SYSTEM, f"Reopened: again no alert can arrive. {SAID[outage]}")
    else:
        last = Incident(
            title=TITLE,
            severity=Severity.CRITICAL,
            source=Source.SYSTEM,
            service=LABELS["service"],
            labels=LABELS,
            previous_id=last.id if last else None,
            description=_description(outage),
        )
        opened = Opened(severity=last.severity)
        changes.add(last, opened, SYSTEM, f"Opened by OIMS: no alert can arrive. {SAID[outage]}")
        place.outage_incident_id = last.id
    _describe(last, outage)


def _go_on(place: JournalCursor, outage: Outage) -> None:
    """Tell another cause of the outage that goes on."""
    incident = _incident(place)
    if incident is not None:
        timeline.record(incident.id, AlertChanged(), SYSTEM, f"Still no alert. {SAID[outage]}")
        _describe(incident, outage)


def _end(place: JournalCursor) -> None:
    """Resolve the outage's own incident; one that a person has stays with the person."""
    since, place.outage_since = place.outage_since or now(), None
    incident = _incident(place)
    if incident is None:
        return
    lasted = f"They did not for {in_words((now() - since).total_seconds())}."
    is_own = incident.id == place.outage_incident_id
    if is_own and incident.state is not State.RESOLVED and not incident.is_taken_over:
        changes.close(incident, Resolved(reason=""), SYSTEM, f"Resolved: alerts arrive again. {lasted}")
        return
    timeline.record(incident.id, AlertResolved(), SYSTEM, f"Alerts arrive again. {lasted}")
    if incident.state is not State.RESOLVED:
        changes.queue_mails(MailKind.ALERT_ENDED, incident, SYSTEM)


def _incident(place: JournalCursor) -> Incident | None:
    """Return the last outage's incident under lock, or the one that goes on for it after a merge."""
    if place.outage_incident_id is None:
        return None
    incident = timeline.lock(place.outage_incident_id)
    other = merging.goes_on(incident)
    return incident if other is None else timeline.lock(other.id)


def _description(outage: Outage) -> str:
    return (
        f"{SAID[outage]} Until this is mended, a fault elsewhere opens no incident. "
        f"{TO_DO[outage]} See docs/runbooks.md#alertsnotarriving."
    )


def _describe(incident: Incident, outage: Outage) -> None:
    """Say what holds now, unless a person has written something else."""
    if incident.description in {_description(one) for one in Outage}:
        incident.description = _description(outage)
