"""What changed in the automation's policy, for the audit trail: a file arms a remedy, not a page."""

from collections.abc import Iterator, Mapping
from typing import Any

from app.formats import target_name
from app.records import audit
from app.records.actors import Actor, ActorKind
from app.records.audit_entries import PolicyChanged
from app.records.automation import AutomationHeartbeat
from contract.reports import HeartbeatReport

TOLD = ("mode", "alert", "playbook", "steps", "target", "target_rule")


def follow(report: HeartbeatReport, before: AutomationHeartbeat | None) -> None:
    """Record how a policy differs from the one before of the same automation; needs a transaction()."""
    if before is None:
        return
    new = report.model_dump(mode="python")["remedies"]
    said = list(_changes({one["name"]: one for one in before.remedies}, {one["name"]: one for one in new}))
    if said:
        actor = Actor(ActorKind.AUTOMATION, f"automation {report.instance}")
        audit.record(PolicyChanged(), actor, f"The {actor.name} has another policy: {'; '.join(said)}.")


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in after:
        if name not in before:
            yield f"{name} is new, mode {after[name]['mode']}"
    for name, old in before.items():
        if name not in after:
            yield f"{name} is gone"
            continue
        for key in TOLD:
            if key in old and old[key] != after[name][key]:  # an earlier automation told less
                field = key.replace("_", " ")
                yield f"{name} has {field} {_word(after[name][key])}, not {_word(old[key])} any more"


def _word(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return value if isinstance(value, str) else target_name(value)
