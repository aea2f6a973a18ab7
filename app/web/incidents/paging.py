"""How the paging for an incident stands, in one sentence or two."""

from collections.abc import Sequence

from app import formats
from app.escalations import queries
from app.records.escalations import Escalation, EscalationState
from app.records.incidents import Incident
from app.records.lifecycle import State


def sentence(incident: Incident, escalation: Escalation | None, zone: str) -> str:
    """Return who is paged next and when at the latest; nothing once nobody will be, or without a chain."""
    if escalation is None or incident.state is State.RESOLVED:
        return ""
    if escalation.state is EscalationState.UNANSWERED and incident.state is State.OPEN:
        whose = escalation.whose
        return f"{whose[:1].upper()}{whose[1:]} ended unanswered: nobody has acknowledged."
    if not escalation.is_active:
        return ""
    if escalation.state is EscalationState.JOINED:
        return escalation.reason
    more = queries.joined(escalation.id) if escalation.state is EscalationState.PAGING else 0
    told = f"Somebody is paged{f' (+ {more} more)' if more else ''}."
    begin = "Nobody is paged yet." if escalation.paged_at is None else told
    return " ".join(part for part in (begin, _why(escalation), _next(escalation, zone)) if part)


def sentences(incidents: Sequence[Incident], zone: str) -> dict[int, str]:
    """Return the sentences of a list's incidents whose paging is under way."""
    found = queries.active_of([incident.id for incident in incidents if incident.has_chain])
    return {
        incident.id: sentence(incident, found[incident.id], zone)
        for incident in incidents
        if incident.id in found
    }


def _why(escalation: Escalation) -> str:
    return "" if escalation.why == "answer" else escalation.reason


def _next(escalation: Escalation, zone: str) -> str:
    if not escalation.next_whom or escalation.latest_at is None:
        return ""
    at = formats.clock_time(escalation.latest_at, zone)[:5]
    return f"{escalation.next_whom} is paged at {at} {_latest(escalation)}."


def _latest(escalation: Escalation) -> str:
    return "at the latest" if escalation.paged_at is None else "unless somebody acknowledges"
