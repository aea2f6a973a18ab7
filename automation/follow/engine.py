"""The heart of automation: settle verdicts, decide, start runs. One thread, one step at a time."""

from collections.abc import Callable

import structlog

from automation.clock import Clock, iso
from automation.decide.model import Situation, Verb
from automation.decide.rules import HOUR, decide
from automation.ledger import decisions, episodes, runs
from automation.ledger.database import Ledger
from automation.ledger.episodes import Episode
from automation.ledger.runs import Run
from automation.policy.match import find_remedy, find_values
from automation.policy.schemas import Policy, Remedy
from automation.verify import WATCHDOG, Observation, hold_of, judge

APP_PAUSED = "app_paused"
BLIND_AGE = 15 * 60.0

log = structlog.get_logger()


class Engine:
    """Decides about what the ledger holds and records the outcome; starts nothing itself."""

    def __init__(
        self, policy: Policy, ledger: Ledger, clock: Clock, host_pause: Callable[[], str | None]
    ) -> None:
        self._policy, self._ledger, self._clock, self._host_pause = policy, ledger, clock, host_pause

    @property
    def paused(self) -> str | None:
        """Who paused automation, in words: someone on this host, or in the app."""
        if (words := self._host_pause()) is not None:
            return words
        return "in the app" if self._ledger.meta(APP_PAUSED) == "1" else None

    def decide_all(self, read_at: float | None, *, is_blind: bool = False) -> None:
        """Decide about every episode that needs it, oldest first; each decision sees the ones before.

        While the journal is away (`is_blind`), only episodes are looked at that were known to fire a short
        time ago; the others wait for it.
        """
        oldest = self._clock.steady() - BLIND_AGE
        for episode in episodes.undecided(self._ledger):
            if is_blind and max(episode.opened_steady, read_at or 0.0) < oldest:
                continue
            with self._ledger.transaction():
                self._decide(episodes.get_episode(self._ledger, episode.id))

    def settle(self, read_at: float | None) -> None:
        """Give a verdict on each run for which it is time."""
        for run in runs.unverified(self._ledger):
            with self._ledger.transaction():
                self._judge(run, read_at)

    def situation(self, episode: Episode) -> Situation:
        """Return everything a decision about an episode depends on."""
        steady = self._clock.steady()
        remedy = find_remedy(self._policy, episode.labels)
        flapping = remedy.flapping.within if remedy else HOUR
        return Situation(
            steady=steady,
            wall=self._clock.wall(),
            paused=self.paused,
            runs=runs.recent(self._ledger, steady),
            attempts=runs.attempts(self._ledger, episode.id),
            locked=runs.locked(self._ledger),
            episodes=episodes.opened_since(self._ledger, episode.fingerprint, steady - flapping),
        )

    def _decide(self, episode: Episode) -> None:
        decision = decide(episode, self._policy, self.situation(episode))
        if not decisions.record(self._ledger, episode, decision, self._clock):
            return
        if decision.verb is Verb.RUN:
            remedy = self.remedy(decision.remedy)
            values = find_values(remedy, episode.labels)
            target = decision.target.as_json() if decision.target else {}
            variables: runs.Variables = {f"target_{key}": value for key, value in target.items()}
            hold = hold_of(remedy, episode.annotations)
            runs.queue(
                self._ledger,
                episode,
                decision,
                remedy=remedy,
                variables=variables | values,
                hold=hold,
                clock=self._clock,
            )
        log.info(
            "decided",
            alertname=episode.alertname,
            episode=episode.id,
            decision=decision.verb.value,
            reason=decision.reason and decision.reason.value,
            detail=decision.detail,
        )

    def remedy(self, label: str | None) -> Remedy:
        """Return the remedy of a name."""
        return next(remedy for remedy in self._policy.remedies if remedy.label == label)

    def _judge(self, run: Run, read_at: float | None) -> None:
        episode = episodes.get_episode(self._ledger, run.episode)
        seen = Observation(
            episode=episode,
            latest=episodes.latest_episode(self._ledger, episode.fingerprint),
            now=self._clock.steady(),
            read_at=read_at,
            is_watchdog_lost=episodes.is_signal_lost(self._ledger, WATCHDOG),
        )
        verdict = judge(run, seen)
        if verdict is None:
            return
        evidence = {
            "resolved_at": seen.latest.resolved_at,
            "last_episode": seen.latest.id,
            "last_seq": seen.latest.last_seq,
            "hold_s": run.hold,
            "within_s": run.within,
            "watchdog_firing": not seen.is_watchdog_lost,
        }
        runs.change(
            self._ledger,
            run.id,
            verification=verdict.verification,
            verdict_at=iso(self._clock.wall()),
            verdict_detail=verdict.detail,
            evidence=evidence,
        )
        log.info("verdict", run=run.id, verdict=verdict.verification, detail=verdict.detail)
