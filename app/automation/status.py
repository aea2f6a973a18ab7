"""Whether the automation is on watch, in words: from its signs of life and what people asked of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.formats import relative
from app.records.automation import SILENT_AFTER, AutomationHeartbeat


@dataclass(frozen=True)
class Status:
    """One large line, a sentence below it, and the kind of pill it has."""

    headline: str
    detail: str
    word: str
    kind: str


def summarize(heartbeats: Sequence[AutomationHeartbeat], now: datetime, *, is_paused: bool) -> Status:
    """Return the status of the automation; `heartbeats` come newest first."""
    if not heartbeats:
        return Status(
            "Automation has not reported yet",
            "Alerts open incidents; nothing is repaired. Start it with scripts/monitor_alerts.sh.",
            "Not seen",
            "off",
        )
    last = heartbeats[0]
    heard = f"{last.instance} ({last.location}), last heard {relative(last.received_at, now)}."
    if now - last.received_at > SILENT_AFTER:
        return Status(
            "Automation is silent", f"{heard} Nothing is repaired until it is back.", "Silent", "critical"
        )
    if is_paused or last.is_paused:
        return Status(
            "Automation is paused", f"{heard} It records what it would do, and waits.", "Paused", "high"
        )
    return Status("Automation is armed", heard, "Armed", "robot")
