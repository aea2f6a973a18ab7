"""The verdict on a run: the alert is gone and stays gone, the target is rolled out. Green proves nothing."""

from dataclasses import dataclass

from automation.ledger.episodes import Episode
from automation.ledger.runs import Run
from automation.policy.schemas import Remedy
from contract import durations
from contract.runs import Verdict

WATCHDOG = "Watchdog"
DEFAULT_HOLD = 120
MARGIN = 30
"""Seconds from the end of a rule's window to the event of an alert that it brought back at its very end."""
MAX_WINDOW = 3600
PATIENCE = 60.0
"""Seconds that the journal may be away past the deadline before the verdict is inconclusive."""


@dataclass(frozen=True)
class Outcome:
    """What verification found, in a word and a sentence."""

    verdict: Verdict
    detail: str


@dataclass(frozen=True)
class Observation:
    """What the ledger knows when a verdict is asked for. Times are steady."""

    episode: Episode
    latest: Episode
    """The newest episode of the same alert; the same one when it did not come back."""
    now: float
    read_at: float | None
    """When the journal was last read to its end; none when it was not since the start."""
    is_watchdog_lost: bool
    """The alert that always fires does not: no news may be no data."""
    silence: float | None = None
    """Seconds since Prometheus was last heard by Alertmanager, if that is too long; else none."""
    unfinished: str | None = None
    """Why the target cannot be taken for rolled out; none when it is, or was not asked."""


def within_of(remedy: Remedy, annotations: dict[str, str]) -> float:
    """Return how long (seconds) the alert may take to resolve: longer than its rule looks back.

    Before that, an alert that fires on after a true repair says nothing, and would be repaired again.
    """
    return max(remedy.verify.within, _window(annotations))


def hold_of(remedy: Remedy, annotations: dict[str, str]) -> float:
    """Return how long (seconds) the alert has to stay away.

    Without a setting this is longer than the window over which the rule averages, because inside the
    window an old fault can come back without a new cause.
    """
    if remedy.verify.hold is not None:
        return remedy.verify.hold
    return max(DEFAULT_HOLD, _window(annotations))


def _window(annotations: dict[str, str]) -> float:
    """Return how far the alert's rule says that it looks back, and a margin; 0 when it does not say."""
    try:
        window = durations.read(annotations.get("oims_window", ""))
    except ValueError:
        return 0
    return min(window, MAX_WINDOW) + MARGIN if window else 0


def judge(run: Run, seen: Observation) -> Outcome | None:
    """Return the verdict on a successful run, or None while it is open."""
    if run.finished_steady is None:
        return None
    deadline = run.finished_steady + run.within
    return (_judge_firing if seen.latest.is_firing else _judge_resolved)(run, seen, deadline)


def _judge_resolved(run: Run, seen: Observation, deadline: float) -> Outcome | None:
    finished = run.finished_steady or 0.0
    since = max(seen.latest.resolved_steady or finished, finished)
    held_until = since + run.hold
    if seen.read_at is None or seen.read_at < held_until:
        return _judge_silence(seen, max(deadline, since) + run.hold)
    if seen.silence is not None:
        return _silent(seen.silence)
    if seen.is_watchdog_lost:
        detail = f"The alert is gone, but so is {WATCHDOG}: without metrics nothing is proven."
        return Outcome(Verdict.INCONCLUSIVE, detail)
    came_back = seen.latest.id != run.episode or seen.latest.returns > 0
    if came_back and since > deadline:
        detail = f"The alert came and went; it did not stay away within {durations.write(run.within)}."
        return Outcome(Verdict.TIMED_OUT, detail)
    if seen.unfinished is not None:
        return _judge_rollout(run, seen, max(deadline, since) + run.hold)
    return Outcome(Verdict.VERIFIED, f"The alert resolved and stayed away for {durations.write(run.hold)}.")


def _judge_firing(run: Run, seen: Observation, deadline: float) -> Outcome | None:
    if seen.read_at is None or seen.read_at < deadline:
        return _judge_silence(seen, deadline)
    if seen.silence is not None:
        return _silent(seen.silence)
    if seen.latest.id != run.episode:
        return Outcome(Verdict.STILL_FIRING, "The alert resolved and fired again.")
    return Outcome(
        Verdict.STILL_FIRING, f"The alert still fires {durations.write(run.within)} after the run."
    )


def _judge_rollout(run: Run, seen: Observation, due: float) -> Outcome | None:
    """Wait for the target as long as for the alert: without its pods, the end of the alert proves nothing."""
    if seen.now < due + PATIENCE:
        return None
    return Outcome(
        Verdict.INCONCLUSIVE, f"The alert is gone, but {run.target} is not rolled out: {seen.unfinished}."
    )


def _silent(seconds: float) -> Outcome:
    detail = (
        f"Prometheus or Alertmanager had been away for {durations.write(seconds)} when the verdict was due: "
        "no news was no data."
    )
    return Outcome(Verdict.INCONCLUSIVE, detail)


def _judge_silence(seen: Observation, due: float) -> Outcome | None:
    if seen.now < due + PATIENCE:
        return None
    return Outcome(Verdict.INCONCLUSIVE, "The journal could not be read when the verdict was due.")
