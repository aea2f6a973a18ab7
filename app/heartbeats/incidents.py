"""The incident of a heartbeat that is down, and its end. Both need a running transaction()."""

from flask import current_app

from app.clock import in_words, now
from app.formats import exact
from app.incidents import changes, merging
from app.records import timeline
from app.records.actors import SYSTEM
from app.records.entries import AlertFired, AlertResolved, Opened, Reopened, Resolved
from app.records.heartbeats import Heartbeat, HeartbeatPing, PingKind
from app.records.incidents import Incident, Source
from app.records.lifecycle import State
from app.records.outbox import MailKind

ALERTNAME = "HeartbeatDown"
TAIL = 2_000
"""Characters of a ping's body that the incident shows; the heartbeat's page has all that is kept."""
SAID = {
    PingKind.SUCCESS: "said that all went well",
    PingKind.START: "said that the job started",
    PingKind.FAIL: "said that the job failed",
    PingKind.LOG: "only left a message",
}


def begin(heartbeat: Heartbeat, reason: str, last: HeartbeatPing | None) -> None:
    """Open an incident, or take the last one up again, as the intake does for an alert."""
    settings = current_app.config["SETTINGS"]
    told = f"{reason} {_told(last)}"
    before = _incident(heartbeat)
    if before is not None and before.state is not State.RESOLVED:
        timeline.record(before.id, AlertFired(), SYSTEM, f"Again: {told}")
    elif before is not None and before.resolved_at and now() - before.resolved_at <= settings.reopen_window:
        before.description = _description(heartbeat, reason, last)
        changes.restart(before, Reopened(), SYSTEM, f"Reopened: {told}")
    else:
        labels = {"alertname": ALERTNAME, "heartbeat": heartbeat.name, "severity": heartbeat.severity.value}
        if heartbeat.service:
            labels["service"] = heartbeat.service
        incident = Incident(
            title=f"Heartbeat “{heartbeat.name}” {'failed' if _is_failure(last) else 'is overdue'}",
            severity=heartbeat.severity,
            source=Source.SYSTEM,
            service=heartbeat.service,
            labels=labels,
            previous_id=before.id if before else None,
            description=_description(heartbeat, reason, last),
        )
        changes.add(incident, Opened(severity=incident.severity), SYSTEM, f"Opened by OIMS: {told}")
        heartbeat.incident_id = incident.id


def end(heartbeat: Heartbeat, why: str) -> None:
    """Resolve the heartbeat's own incident; one that a person has stays with the person."""
    incident = _incident(heartbeat)
    if incident is None:
        return
    is_own = incident.id == heartbeat.incident_id
    if is_own and incident.state is not State.RESOLVED and not incident.is_taken_over:
        changes.close(incident, Resolved(reason=""), SYSTEM, f"Resolved: {why}.")
        return
    timeline.record(incident.id, AlertResolved(), SYSTEM, f"The heartbeat is no longer down: {why}.")
    if incident.state is not State.RESOLVED:
        changes.queue_mails(MailKind.ALERT_ENDED, incident, SYSTEM)


def is_open(heartbeat: Heartbeat) -> bool:
    """Say whether the last failure's incident, or the one that goes on for it, is not resolved."""
    incident = _incident(heartbeat)
    return incident is not None and incident.state is not State.RESOLVED


def _incident(heartbeat: Heartbeat) -> Incident | None:
    """Return the last failure's incident under lock, or the one that goes on for it after a merge."""
    if heartbeat.incident_id is None:
        return None
    incident = timeline.lock(heartbeat.incident_id)
    other = merging.goes_on(incident)
    return incident if other is None else timeline.lock(other.id)


def _is_failure(last: HeartbeatPing | None) -> bool:
    return last is not None and last.kind is PingKind.FAIL


def _told(last: HeartbeatPing | None) -> str:
    """Say what the last ping said, and how long the job took."""
    if last is None:
        return "It has never pinged."
    words = f"The last ping, {exact(last.at)}, {SAID[last.kind]}"
    if last.exit_status is not None:
        words += f", with exit status {last.exit_status}"
    if last.duration_s is not None:
        words += f", after {in_words(last.duration_s)}"
    return f"{words}."


def _description(heartbeat: Heartbeat, reason: str, last: HeartbeatPing | None) -> str:
    """Return the incident's text; what the job wrote is set as code, line by line, so that it stays text."""
    address = f"{current_app.config['SETTINGS'].base_url}/heartbeats/{heartbeat.id}"
    words = f"{reason} {_told(last)} See its last pings: {address}"
    if last is None or not last.body:
        return words
    lines = last.body[-TAIL:].splitlines() or [""]
    return "\n".join([words, "", "The end of what it wrote:", "", *(f"    {line}" for line in lines)])
