"""What the end of an alert does to its incident. Called inside the transaction of the intake."""

from collections.abc import Sequence

import structlog

from app.alerts.batch import Batch
from app.alerts.events import JournalEvent
from app.clock import in_words, now
from app.incidents import changes, queries
from app.records import rows, timeline, timeline_order
from app.records.actors import ALERTING, AUTOMATION, Actor
from app.records.alerts import AlertEvent
from app.records.entries import AlertResolved, Resolved
from app.records.incidents import Incident
from app.records.lifecycle import State
from app.records.outbox import MailKind
from contract.runs import Verdict

log = structlog.get_logger()

RECONCILED = "reconcile"


def end(event: JournalEvent, batch: Batch) -> Incident | None:
    """End the episode: the incident is resolved unless a person has it or has resolved it already."""
    incident = batch.of_episode(event.episode)
    if incident is None:
        log.warning("resolved_without_incident", seq=event.seq, episode=event.episode)
        return None
    if incident.identity != event.fingerprint:
        rows.insert_gathered()
        others = queries.still_firing(incident, besides=event.fingerprint)
        if others:
            return _end_in_part(event, incident, others)
    place = timeline_order.of_alert(incident.id, event.received_at)
    was_firing, incident.is_firing = incident.is_firing, False
    if incident.state is State.RESOLVED or incident.is_taken_over:
        summary = (
            "The alert stopped firing."
            if event.source != RECONCILED
            else "Alertmanager no longer has the alert."
        )
        if incident.state is not State.RESOLVED:
            summary += " The incident stays with the person who has it."
        timeline.record(incident.id, _ended(event), ALERTING, summary, place=place)
        if was_firing and incident.state is not State.RESOLVED:
            changes.queue_mails(MailKind.ALERT_ENDED, incident, ALERTING)
        return incident
    actor, summary = _ending(event, incident)
    resolved = Resolved(reason="", seq=event.seq, episode=event.episode)
    changes.close(incident, resolved, actor, summary, place=place)
    return incident


def _end_in_part(event: JournalEvent, incident: Incident, others: Sequence[AlertEvent]) -> Incident:
    """One of several alerts of an incident ended: it goes on for the others."""
    incident.fingerprint, incident.episode = others[0].fingerprint, others[0].episode
    more = "1 other of the same trouble fires" if len(others) == 1 else f"{len(others)} others fire"
    summary = f"One alert stopped firing; {more}."
    place = timeline_order.of_alert(incident.id, event.received_at)
    timeline.record(incident.id, _ended(event), ALERTING, summary, place=place)
    return incident


def _ending(event: JournalEvent, incident: Incident) -> tuple[Actor, str]:
    if incident.verdict is Verdict.VERIFIED:
        return AUTOMATION, "Resolved by automation, verified."
    lasted = in_words((now() - incident.opened_at).total_seconds())
    if event.source == RECONCILED:
        return ALERTING, f"Resolved: Alertmanager no longer has the alert. The incident lasted {lasted}."
    if incident.verdict is Verdict.PENDING:
        return (
            ALERTING,
            "Resolved: the alert stopped firing after the repair. Automation watches whether it stays so.",
        )
    return ALERTING, f"Resolved: the alert stopped firing. The incident lasted {lasted}."


def _ended(event: JournalEvent) -> AlertResolved:
    return AlertResolved(seq=event.seq, episode=event.episode)
