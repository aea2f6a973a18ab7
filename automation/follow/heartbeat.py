"""Where automation stands, and what each remedy may still do: told by heartbeats and by metrics."""

from typing import Any

from automation import __version__
from automation.clock import HOUR, Clock
from automation.config import Settings
from automation.ledger import episodes, reports, runs
from automation.ledger.database import Ledger
from automation.metrics import Gauges
from automation.policy.schemas import Policy, Remedy
from automation.policy.targets import NamedWorkload
from automation.token import TokenEnd, Validity
from contract import limits
from contract.moments import rfc3339
from contract.runs import OPEN


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
        "remedies": [
            _remedy(remedy, policy, [run.target for run in recent])
            for remedy in policy.remedies[: limits.REMEDIES]
        ],
        "runs": runs.unsettled(ledger, limits.RUNS),
        "sent_at": rfc3339(clock.wall()),
    }


def gauges(
    ledger: Ledger, *, is_paused: bool, is_leader: bool, lag: float, token_end: TokenEnd | None
) -> Gauges:
    """Return the gauges; `lag` is in seconds."""
    waiting, refused = reports.counts(ledger)
    at_work = sum(len(runs.in_state(ledger, state)) for state in OPEN)
    gauges: Gauges = {
        "paused": ("1 while new runs are stopped, on the host or in the app.", is_paused),
        "leader": ("1 while this automation may act.", is_leader),
        "journal_offset": ("Last event taken from the journal.", episodes.offset(ledger)),
        "journal_lag_seconds": ("Time since the journal was read to its end, while it is away.", lag),
        "runs_at_work": ("Runs that are queued or running.", at_work),
        "reports_waiting": ("Reports that the app has not taken yet.", waiting),
        "reports_refused": ("Reports that the app has refused for good.", refused),
    }
    validity, ends = token_end.read() if token_end else (Validity.UNKNOWN, None)
    if ends:
        text = "1 when less than a quarter of the token's life is left: its renewal has failed."
        gauges["token_end_timestamp_seconds"] = "End of the kubeconfig's token.", ends.timestamp()
        gauges["token_ends_soon"] = text, validity is not Validity.VALID
    return gauges


def _remedy(remedy: Remedy, policy: Policy, targets: list[str]) -> dict[str, Any]:
    target = remedy.target
    fixed = target if isinstance(target, NamedWorkload) and target.is_fixed else None
    key = f"{fixed.namespace}/{fixed.kind}/{fixed.name}" if fixed else None
    used = targets.count(key) if key else 0
    left = min(remedy.max_runs_per_hour - used, policy.limits.runs_per_hour - len(targets))
    return {
        "name": remedy.label[: limits.NAME],
        "alert": remedy.alert[: limits.NAME],
        "playbook": remedy.playbook[: limits.NAME],
        "steps": [step[: limits.NAME] for step in remedy.steps],
        "mode": remedy.mode.value,
        "target": fixed.model_dump() if fixed else None,
        "target_rule": None if fixed else target.rule[: limits.SENTENCE],
        "runs_left_hour": max(0, left),
    }
