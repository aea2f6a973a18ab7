"""The words and colours in which states are shown; pages never print an enum's value."""

from typing import NamedTuple

from app.incidents.lifecycle import Severity, State
from app.incidents.models import Source, Verdict


class Pill(NamedTuple):
    """A word and the kind of colour behind it (see static/tokens.css)."""

    word: str
    kind: str


STATES = {
    State.OPEN: Pill("Open", "critical"),
    State.ACKNOWLEDGED: Pill("Acknowledged", "held"),
    State.RESOLVED: Pill("Resolved", "ok"),
}
SEVERITIES = {severity: Pill(severity.value.capitalize(), severity.value) for severity in Severity}
SOURCES = {Source.PERSON: "Person", Source.ALERT: "Alert"}
VERDICTS = {
    Verdict.PENDING: Pill("Checking the repair", "robot"),
    Verdict.VERIFIED: Pill("Repaired and verified", "robot"),
    Verdict.STILL_FIRING: Pill("Repair did not help", "critical"),
    Verdict.INCONCLUSIVE: Pill("Repair not proven", "high"),
    Verdict.TIMED_OUT: Pill("Check timed out", "high"),
}
RUN_STATES = {
    "queued": Pill("Queued", "off"),
    "running": Pill("Running", "robot"),
    "succeeded": Pill("Succeeded", "ok"),
    "failed": Pill("Failed", "critical"),
    "timed_out": Pill("Timed out", "critical"),
    "interrupted": Pill("Interrupted", "high"),
}
TASK_STATES = {
    "ok": Pill("ok", "ok"),
    "changed": Pill("changed", "robot"),
    "failed": Pill("failed", "critical"),
    "unreachable": Pill("unreachable", "critical"),
    "skipped": Pill("skipped", "off"),
}
DECISIONS = {
    "run": Pill("Run", "robot"),
    "deferred": Pill("Waiting", "held"),
    "declined": Pill("Not automated", "off"),
}
MODES = {
    "auto": Pill("Automatic", "robot"),
    "approve": Pill("Asks first", "held"),
    "shadow": Pill("Watches only", "off"),
    "off": Pill("Off", "off"),
}


def target_name(target: dict[str, str] | None) -> str:
    """Return a target as people write it: `Deployment shop/api`."""
    if not target:
        return "no target"
    place = "/".join(part for part in (target.get("namespace"), target.get("name")) if part)
    return f"{target.get('kind', '')} {place}".strip()
