"""Verdicts on runs: whether each one helped, once that can be known."""

import structlog

from automation.clock import Clock
from automation.follow.outside import Rollouts
from automation.ledger import episodes, runs
from automation.ledger.database import Ledger
from automation.ledger.runs import Run
from automation.metrics import Metrics
from automation.verify import WATCHDOG, Observation, Outcome, judge
from contract.moments import rfc3339
from contract.runs import Verdict

log = structlog.get_logger()


class Verdicts:
    """Judges the runs in the ledger and records what is found."""

    def __init__(self, ledger: Ledger, clock: Clock, metrics: Metrics, rollouts: Rollouts | None) -> None:
        self._ledger, self._clock, self._metrics, self._rollouts = ledger, clock, metrics, rollouts

    def settle(self, read_at: float | None, silence: float | None = None) -> None:
        """Give a verdict on each run for which it is time; `silence` is that of Prometheus, if too long."""
        for run in runs.unverified(self._ledger):
            if self._judge(run, read_at, silence, is_last_word=self._rollouts is None) or not self._rollouts:
                continue
            unfinished = self._rollouts.problem(run.document["target"])  # outside of the transaction
            self._judge(run, read_at, silence, unfinished=unfinished)

    def _judge(
        self,
        run: Run,
        read_at: float | None,
        silence: float | None,
        *,
        unfinished: str | None = None,
        is_last_word: bool = True,
    ) -> bool:
        """Give a run's verdict if it is due. Without the last word, `verified` is not given; False then."""
        with self._ledger.transaction():
            episode = episodes.get_episode(self._ledger, run.episode)
            seen = Observation(
                episode=episode,
                latest=episodes.latest_episode(self._ledger, episode.fingerprint),
                now=self._clock.steady(),
                read_at=read_at,
                is_watchdog_lost=episodes.is_signal_lost(self._ledger, WATCHDOG),
                silence=silence,
                unfinished=unfinished,
            )
            outcome = judge(run, seen)
            if outcome and outcome.verdict is Verdict.VERIFIED and not is_last_word:
                return False
            if outcome:
                self._settle(run, seen, outcome)
            return True

    def _settle(self, run: Run, seen: Observation, outcome: Outcome) -> None:
        evidence = {
            "resolved_at": seen.latest.resolved_at,
            "last_episode": seen.latest.id,
            "last_seq": seen.latest.last_seq,
            "hold_s": run.hold,
            "within_s": run.within,
            "watchdog_firing": not seen.is_watchdog_lost,
            "silence_s": seen.silence,
        }
        if self._rollouts:
            evidence["target"] = seen.unfinished or "rolled out"
        runs.change(
            self._ledger,
            run.id,
            verification=outcome.verdict,
            verdict_at=rfc3339(self._clock.wall()),
            verdict_detail=outcome.detail,
            evidence=evidence,
        )
        self._metrics.judged(run, outcome.verdict)
        log.info("verdict", run=run.id, verdict=outcome.verdict, detail=outcome.detail)
