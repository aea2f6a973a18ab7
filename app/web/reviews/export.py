"""A review as Markdown. What people and alerts wrote is data there: it forms no headings, links or HTML."""

import re
from collections.abc import Sequence

from app import formats
from app.records.incidents import FollowUp, Incident, TimelineEvent

_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+!|~&-])")


def markdown(
    incident: Incident, events: Sequence[TimelineEvent], follow_ups: Sequence[FollowUp], zone: str
) -> str:
    """Return the incident with its review, follow-ups and timeline; times are in ``zone``."""
    return "\n".join(
        [
            f"# Incident {incident.id}: {plain(incident.title)}",
            "",
            *_facts(incident, zone),
            "",
            "## What happened",
            "",
            incident.summary or "Not written yet.",
            "",
            "## Why",
            "",
            incident.cause or "Not written yet.",
            "",
            "## Follow-ups",
            "",
            *([_item(item) for item in follow_ups] or ["None."]),
            "",
            "## Timeline",
            "",
            *(f"- {formats.exact(event.at, zone)}: {plain(event.summary)}" for event in events),
            "",
        ]
    )


def plain(text: str) -> str:
    """Return text as one line that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _facts(incident: Incident, zone: str) -> list[str]:
    lasted = (
        formats.duration((incident.resolved_at - incident.opened_at).total_seconds())
        if incident.resolved_at
        else "not over yet"
    )
    known = {
        "State": incident.state,
        "Severity": incident.severity,
        "Service": incident.service,
        "Owner": incident.owner.name if incident.owner else "nobody",
        "Opened": formats.exact(incident.opened_at, zone),
        "Resolved": formats.exact(incident.resolved_at, zone) if incident.resolved_at else None,
        "Lasted": lasted,
        "Verdict on the repair": incident.verdict,
    }
    return [f"- {name}: {plain(str(value))}" for name, value in known.items() if value]


def _item(item: FollowUp) -> str:
    whom = f", {plain(item.owner.name)}" if item.owner else ""
    until = f", until {item.due_on}" if item.due_on else ""
    return f"- [{'x' if item.done_at else ' '}] {plain(item.text)}{whom}{until}"
