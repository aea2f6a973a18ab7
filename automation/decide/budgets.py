"""How many runs there may be: on a target, on all targets, at once."""

from automation.clock import DAY, HOUR
from automation.decide.case import Case, Obstacle
from automation.records import PastRun
from contract.decisions import Reason


def target_budget(case: Case) -> Obstacle | None:
    """Keep to the runs that a target may have in an hour and in a day."""
    for limit, span, word in (
        (case.remedy.max_runs_per_hour, HOUR, "hour"),
        (case.remedy.max_runs_per_day, DAY, "day"),
    ):
        until = _free_again([run.started for run in case.on_target], limit, span, case.now.steady)
        if until is not None:
            detail = f"{case.target} had its {limit} {'run' if limit == 1 else 'runs'} of this {word}."
            return Obstacle(Reason.TARGET_BUDGET, detail, until)
    return None


def global_budget(case: Case) -> Obstacle | None:
    """Keep to what the policy allows all remedies together."""
    limits, now = case.policy.limits, case.now
    at_work = sum(run.ended is None for run in now.runs)
    if at_work >= limits.concurrent_runs:
        detail = f"{at_work} of {limits.concurrent_runs} allowed runs are at work."
        return Obstacle(Reason.GLOBAL_BUDGET, detail)
    until = _free_again([run.started for run in now.runs], limits.runs_per_hour, HOUR, now.steady)
    if until is not None:
        detail = f"All remedies together had their {limits.runs_per_hour} runs of this hour."
        return Obstacle(Reason.GLOBAL_BUDGET, detail, until)
    others = _latest_per_target(now.runs, case.target.key, now.steady - HOUR)
    if others is not None and len(others) >= limits.targets_per_hour:
        until = sorted(others)[len(others) - limits.targets_per_hour] + HOUR
        detail = (
            f"{len(others)} targets were touched in this hour; the policy allows {limits.targets_per_hour}."
        )
        return Obstacle(Reason.GLOBAL_BUDGET, detail, until)
    return None


def _free_again(starts: list[float], limit: int, span: float, steady: float) -> float | None:
    """Return when a sliding budget of `limit` starts per `span` has room, or None when it has now."""
    recent = sorted(start for start in starts if start > steady - span)
    return recent[-limit] + span if len(recent) >= limit else None


def _latest_per_target(runs: tuple[PastRun, ...], target: str, since: float) -> list[float] | None:
    """Return the last start on each target touched since a time, or None when this target is one of them."""
    latest: dict[str, float] = {}
    for run in runs:
        if run.started > since:
            latest[run.target] = max(run.started, latest.get(run.target, since))
    return None if target in latest else list(latest.values())
