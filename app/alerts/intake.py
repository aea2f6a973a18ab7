"""What a journal event does to incidents. Called inside the transaction that moves the journal's cursor."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import select

from app import severities
from app.alerts import ending, titles, wording
from app.alerts.batch import Batch
from app.alerts.events import MAX_LABELS, MAX_NAME, JournalEvent
from app.alerts.exporters import is_exporter
from app.alerts.identity import identity
from app.automation.early import Early
from app.clock import now
from app.config import Settings
from app.database import reading_once
from app.extensions import db
from app.incidents import changes, merging, numbers
from app.incidents.service import MAX_SERVICE
from app.records import rows, timeline, timeline_order
from app.records.actors import ALERTING
from app.records.alerts import AlertEvent
from app.records.entries import AlertChanged, AlertFired, Opened, Reopened
from app.records.incidents import Incident, Source
from app.records.lifecycle import State
from contract import limits
from contract.labels import TELLING, is_test, most_telling
from contract.moments import rfc3339
from contract.text import one_line

log = structlog.get_logger()

MOST_NAMED = 20
"""How many incidents a line of the log names; all of them are in the table of events."""


def take_in(events: Sequence[JournalEvent], settings: Settings) -> None:
    """Let events take effect in their order, each once: an event id that is known changes nothing.

    What the events have in common is looked up once; the cursor's lock keeps it true until the commit.
    """
    if not events:
        return
    with reading_once(), rows.gathering():
        ids = select(AlertEvent.id).where(AlertEvent.id.in_([event.id for event in events]))
        applied = set(db.session.scalars(ids))
        early = Early({event.episode for event in events})
        batch = Batch(events, [_identity(event, settings) for event in events])
        concerned = set()
        for event in events:
            if event.id in applied:
                continue
            applied.add(event.id)
            incident = _apply(event, batch, settings)
            if incident is not None:
                concerned.add(incident.id)
                early.attach(event.episode, incident)
    # One line for all: a line for each event would cost a quarter of what the events cost.
    shown = sorted(concerned)[:MOST_NAMED]
    log.info("alert_events_applied", first=events[0].seq, last=events[-1].seq, incidents=shown)


def _apply(event: JournalEvent, batch: Batch, settings: Settings) -> Incident | None:
    incident = None
    if not event.is_sign_of_life:
        is_firing = event.status == "firing"
        incident = _firing(event, batch, settings) if is_firing else ending.end(event, batch)
    incident_id = incident.id if incident else None
    rows.add(
        AlertEvent,
        id=event.id,
        seq=event.seq,
        episode=event.episode,
        fingerprint=event.fingerprint,
        status=event.status,
        source=event.source,
        starts_at=event.starts_at,
        received_at=event.received_at,
        incident_id=incident_id,
    )
    batch.took_effect(event, incident)
    return incident


def _firing(event: JournalEvent, batch: Batch, settings: Settings) -> Incident:
    """Find the incident the firing belongs to.

    0. It is that of a duplicate whose other incident is not resolved: both hear of it, nothing reopens.
    1. It continues the episode of the latest incident, even one that a person resolved while it fired.
    2. It joins the unresolved incident of the same alert, or of one that differs only in its exporter.
    3. It reopens one that was resolved within the reopen window.
    4. It opens a new incident, linked to the latest old one.
    """
    latest = batch.latest(event.fingerprint, _identity(event, settings))
    if latest is None:
        return _open(event, None, batch, settings)
    going_on = merging.goes_on(latest)
    if going_on is not None:
        return _join_duplicate(event, latest, timeline.lock(going_on.id), settings)
    if latest.state is not State.RESOLVED or _continues(event, latest, batch):
        return _join(event, latest, batch, settings)
    if latest.resolved_at and now() - latest.resolved_at <= settings.reopen_window:
        return _reopen(event, latest, settings)
    return _open(event, latest, batch, settings)


def _continues(event: JournalEvent, incident: Incident, batch: Batch) -> bool:
    """Say whether the event is of an episode that the incident has, while its alert fires."""
    if not incident.is_firing:
        return False
    return incident.episode == event.episode or batch.of_episode(event.episode) is incident


def _open(event: JournalEvent, previous: Incident | None, batch: Batch, settings: Settings) -> Incident:
    severity, unknown = severities.meaning(event.labels, settings.severity_labels, settings.severity_words)
    incident = Incident(
        **numbers.as_stored(batch.number()),
        title=titles.title(event.alertname, event.labels, event.annotations, settings.title_template),
        description=_description(event.annotations),
        severity=severity,
        source=Source.ALERT,
        service=_service(event.labels, settings),
        alertname=event.alertname,
        previous_id=previous.id if previous else None,
    )
    _take_facts(event, incident, settings)
    summary = f"Opened from alert {event.alertname}, event {event.seq}."
    if previous:
        summary += f" The same alert was incident {previous.id} before."
    if is_test(event.labels):
        summary += " It is a test of the path of alerts: nobody is called."
    if unknown:
        summary += (
            f" Its severity, “{one_line(unknown, MAX_NAME)}”, is no known word and counts as {severity}; "
            "OIMS_SEVERITY_WORDS can name it."
        )
    opened = Opened(severity=incident.severity, seq=event.seq, episode=event.episode, fired_at=_iso(event))
    changes.add(incident, opened, ALERTING, summary, place=_place(event, None))
    return incident


def _join(event: JournalEvent, incident: Incident, batch: Batch, settings: Settings) -> Incident:
    if incident.is_firing and _is_known(event, batch):
        return _take_words(event, incident, settings)
    summary = "The alert fired again."
    if incident.is_firing:
        summary = "The alert still fires; its start is counted anew, as after a restart of Prometheus."
    if incident.fingerprint != event.fingerprint:
        summary = f"Another alert of the same trouble fires; it differs in {_difference(event, incident)}."
    _take_facts(event, incident, settings)
    place = _place(event, incident.id)
    timeline.record(incident.id, _fired(event), ALERTING, summary, place=place)
    return incident


def _is_known(event: JournalEvent, batch: Batch) -> bool:
    """Say whether this stretch of the alert has had its effect and goes on: then only its words are new."""
    last = batch.last_of(event.episode)
    return last is not None and last.status == event.status and last.starts_at == event.starts_at


def _take_words(event: JournalEvent, incident: Incident, settings: Settings) -> Incident:
    """Show what the alert says now; a change in more than numbers is told, with the words there were."""
    is_same = incident.fingerprint == event.fingerprint
    before = wording.replaced(incident.annotations, event.annotations) if is_same else {}
    _retitle(event, incident, settings)
    _take_facts(event, incident, settings)
    if before and (summary := wording.change(incident.id, before)):
        changed = AlertChanged(seq=event.seq, episode=event.episode)
        timeline.record(incident.id, changed, ALERTING, summary, place=_place(event, incident.id))
    return incident


def _retitle(event: JournalEvent, incident: Incident, settings: Settings) -> None:
    template, name = settings.title_template, event.alertname
    if incident.title == titles.title(name, incident.labels, incident.annotations, template):
        incident.title = titles.title(name, event.labels, event.annotations, template)
    if incident.description == _description(incident.annotations):
        incident.description = _description(event.annotations)


def _difference(event: JournalEvent, incident: Incident) -> str:
    """Name the labels in which an alert differs from the one before."""
    pairs = set(event.labels.items()) ^ set(incident.labels.items())
    return one_line(", ".join(sorted({name for name, _ in pairs})), limits.NAME) or "its labels"


def _description(annotations: dict[str, str]) -> str:
    return annotations.get("description") or annotations.get("message", "")


def _identity(event: JournalEvent, settings: Settings) -> str:
    return identity(event.fingerprint, event.labels, settings.exporter_labels)


def _join_duplicate(
    event: JournalEvent, duplicate: Incident, other: Incident, settings: Settings
) -> Incident:
    _take_facts(event, duplicate, settings)
    summary = f"The alert fired again; incident {other.id} goes on for it."
    timeline.record(duplicate.id, _fired(event), ALERTING, summary, place=_place(event, duplicate.id))
    summary = f"The alert of incident {duplicate.id}, which was merged into this one, fired again."
    timeline.record(other.id, _fired(event), ALERTING, summary, place=_place(event, other.id))
    return duplicate


def _reopen(event: JournalEvent, incident: Incident, settings: Settings) -> Incident:
    _take_facts(event, incident, settings)
    summary = f"Reopened: the alert fired again, event {event.seq}."
    reopened = Reopened(seq=event.seq, episode=event.episode, fired_at=_iso(event))
    changes.restart(incident, reopened, ALERTING, summary, place=_place(event, incident.id))
    return incident


def _service(labels: dict[str, str], settings: Settings) -> str | None:
    """Return the first of the labels of a service that names no exporter."""
    named = (one_line(labels.get(name, ""), MAX_SERVICE) for name in settings.service_labels)
    return next((name for name in named if name and not is_exporter(name)), None)


def _take_facts(event: JournalEvent, incident: Incident, settings: Settings) -> None:
    incident.is_firing = True
    incident.fingerprint, incident.identity = event.fingerprint, _identity(event, settings)
    incident.episode = event.episode
    first = (*settings.severity_labels, *settings.service_labels, *TELLING)
    incident.labels = most_telling(event.labels, MAX_LABELS, first)
    incident.annotations = event.annotations
    incident.generator_url = (event.generator_url or "")[: limits.URL] or None


def _fired(event: JournalEvent) -> AlertFired:
    return AlertFired(seq=event.seq, episode=event.episode, fired_at=_iso(event))


def _place(event: JournalEvent, incident_id: int | None) -> datetime:
    """Return where the entry of an event stands; without an incident, the event opens one."""
    return timeline_order.of_alert(incident_id, event.received_at)


def _iso(event: JournalEvent) -> str:
    return rfc3339(event.fired_at)
