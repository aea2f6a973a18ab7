"""The heartbeat's content: where automation stands, and what each remedy may still do."""

from typing import Any

from automation import __version__
from automation.clock import Clock, iso
from automation.config import Settings
from automation.decide.rules import HOUR
from automation.ledger import episodes, runs
from automation.ledger.database import Ledger
from automation.policy.schemas import Policy, Remedy


def describe(
    settings: Settings, policy: Policy, ledger: Ledger, clock: Clock, *, is_paused: bool, lag: float
) -> dict[str, Any]:
    """Return the heartbeat document; `lag` is in seconds."""
    steady = clock.steady()
    recent = [run for run in runs.recent(ledger, steady) if run.started > steady - HOUR]
    return {
        "instance": settings.instance,
        "version": __version__,
        "location": settings.location,
        "paused": is_paused,
        "last_seq": episodes.offset(ledger),
        "lag_s": round(lag, 3),
        "remedies": [_remedy(remedy, policy, [run.target for run in recent]) for remedy in policy.remedies],
        "sent_at": iso(clock.wall()),
    }


def _remedy(remedy: Remedy, policy: Policy, targets: list[str]) -> dict[str, Any]:
    target = remedy.target
    is_fixed = isinstance(target.namespace, str) and isinstance(target.name, str)
    key = f"{target.namespace}/{target.kind}/{target.name}" if is_fixed else None
    used = targets.count(key) if key else 0
    left = min(remedy.max_runs_per_hour - used, policy.limits.runs_per_hour - len(targets))
    return {
        "name": remedy.label,
        "alert": remedy.alert,
        "playbook": remedy.playbook,
        "mode": remedy.mode.value,
        "target": target.model_dump() if is_fixed else None,
        "runs_left_hour": max(0, left),
    }
