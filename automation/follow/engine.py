"""The heart of automation: decide, and queue runs. One thread, one step at a time."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from math import inf

import structlog

from automation.clock import HOUR, Clock, parse_time
from automation.decide.case import current
from automation.decide.rules import decide
from automation.decide.situation import Situation
from automation.follow.looks import Waiting
from automation.follow.outside import Answers, Outside
from automation.follow.verdicts import Verdicts
from automation.instructions.reader import known
from automation.ledger import approvals, decisions, episodes, inherited, runs, shadows, unknown
from automation.ledger.approvals import Approval
from automation.ledger.beginning import is_earlier
from automation.ledger.database import Ledger
from automation.ledger.episodes import Episode
from automation.metrics import Metrics
from automation.policy.match import InvalidTargetError, find_remedy, find_target, find_values
from automation.policy.schemas import Mode, Policy, Remedy
from automation.records import Decision, PastRun, Question
from automation.verify import hold_of, within_of
from contract.decisions import DecisionKind, Reason
from contract.moments import rfc3339

BLIND_AGE = 15 * 60.0
ASKED_AGAIN = frozenset({Reason.MAINTENANCE, Reason.ROLLING_OUT, Reason.TARGET_UNKNOWN})
"""Reasons, without a time, that only asking again can remove."""

log = structlog.get_logger()


class Engine:
    """Decides about what the ledger holds and records the outcome; starts nothing itself."""

    def __init__(
        self,
        policy: Policy,
        ledger: Ledger,
        clock: Clock,
        host_pause: Callable[[], str | None],
        digest: Callable[[], str],
        *,
        metrics: Metrics | None = None,
        outside: Outside | None = None,
        journal_now: Callable[[], datetime] | None = None,
    ) -> None:
        self._policy, self._ledger, self._clock, self._host_pause = policy, ledger, clock, host_pause
        self._digest, self._metrics = digest, metrics or Metrics(policy)
        self._outside = outside or Outside()
        self._burning = 0
        """Targets whose alerts began within the breaker's time, as of the last look at all."""
        self._journal_now = journal_now or clock.wall
        self.verdicts = Verdicts(ledger, clock, self._metrics, self._outside.rollouts)

    @property
    def paused(self) -> str | None:
        """Who paused automation, in words: someone on this host, or in the app."""
        if (words := self._host_pause()) is not None:
            return words
        return known(self._ledger).pause

    def decide_all(self, read_at: float | None, *, is_blind: bool = False) -> Waiting:
        """Decide about every episode that needs it, oldest first; each decision sees the ones before.

        While the journal is away (`is_blind`), only episodes are looked at that were known to fire a short
        time ago; the others wait for it. Returns what the deferred ones wait for.
        """
        oldest, waiting = self._clock.steady() - BLIND_AGE, Waiting()
        found = [
            episode
            for episode in episodes.undecided(self._ledger)
            if not is_blind or max(episode.opened_steady, read_at or 0.0) >= oldest
        ]
        # What is asked is asked outside of the transaction: each answer may take seconds.
        for episode in found:
            self._find_owner(episode)
        self._burning = self._count_burning()  # with all owners known: ten pods of a workload are one target
        for episode in found:
            decision = self._decide(episode.id)
            if decision.acts and decision.target:
                answers = self._outside.ask(episode, decision.target, is_blind=is_blind)
                decision = self._decide(episode.id, answers)
            if decision.kind is DecisionKind.DEFERRED:
                waiting = waiting.and_also(self._waiting(episode, decision))
        return waiting

    def explain(self, episode: Episode, *, is_known: bool) -> Decision:
        """Decide without recording anything; Alertmanager is asked about an alert that it may know."""
        decision = decide(episode, self._policy, self.situation(episode, Answers()))
        if not decision.acts or decision.target is None:
            return decision
        answers = self._outside.ask(episode, decision.target, is_blind=not is_known)
        return decide(episode, self._policy, self.situation(episode, answers))

    def _waiting(self, episode: Episode, decision: Decision) -> Waiting:
        """Return what a deferred episode waits for; it may also grow too old meanwhile."""
        remedy, ends = self.remedy_at(decision.remedy, episode), [decision.until or inf]
        if remedy and remedy.max_age is not None:
            age = (self._journal_now() - parse_time(episode.opened_at)).total_seconds()
            if age <= remedy.max_age:
                ends.append(self._clock.steady() + remedy.max_age - age)
        is_for_others = bool(remedy and remedy.mode is Mode.APPROVE) or (
            decision.until is None and decision.reason in ASKED_AGAIN
        )
        return Waiting(min(ends), is_for_others)

    def situation(self, episode: Episode, answers: Answers) -> Situation:
        """Return everything a decision about an episode depends on."""
        steady = self._clock.steady()
        attempts = self._attempts(episode)
        remedy = find_remedy(self._policy, episode.labels)
        remedy = remedy and current(remedy, self._policy.limits, attempts, self._burning)
        flapping = remedy.flapping.within if remedy else HOUR
        past = runs.recent(self._ledger, steady) + inherited.recent(self._ledger, steady)
        if remedy:
            past += self._assumed(remedy, episode, steady)
        if remedy and remedy.mode is Mode.SHADOW:
            past += shadows.recent(self._ledger, steady)
        return Situation(
            steady=steady,
            wall=self._clock.wall(),
            journal_now=self._journal_now(),
            paused=self.paused,
            runs=past,
            attempts=attempts,
            burning=self._burning,
            locked=runs.locked(self._ledger),
            episodes=episodes.opened_since(self._ledger, episode.fingerprint, steady - flapping),
            question=self._question(episode, remedy),
            maintenance=known(self._ledger).maintenance,
            muted=answers.muted,
            progress=answers.progress,
            workload=answers.workload,
            is_unknown=unknown.is_unknown(self._ledger, episode.opened_seq),
        )

    def _assumed(self, remedy: Remedy, episode: Episode, steady: float) -> tuple[PastRun, ...]:
        try:
            target = find_target(remedy, episode.labels, episode.owner)
        except InvalidTargetError:
            return ()
        return unknown.assumed(self._ledger, target.key, steady)

    def _find_owner(self, episode: Episode) -> None:
        """Keep which workload an alert is about, where the policy leaves it to the cluster."""
        remedy = find_remedy(self._policy, episode.labels)
        if remedy is None or remedy.mode is Mode.OFF:
            return
        owner = self._outside.owner(remedy, episode)
        if owner is not None and owner != episode.owner:
            episodes.note_owner(self._ledger, episode.id, owner)

    def _decide(self, name: str, answers: Answers | None = None) -> Decision:
        """Decide about an episode and record it; without answers, what would act is not recorded."""
        with self._ledger.transaction():
            episode = episodes.get_episode(self._ledger, name)
            situation = self.situation(episode, answers or Answers())
            decision = decide(episode, self._policy, situation)
            if answers or not decision.acts:
                self._record(episode, decision, situation.question)
            return decision

    def _record(self, episode: Episode, decision: Decision, question: Question | None) -> None:
        remedy = self.remedy_at(decision.remedy, episode)
        approval, shadow = None, None
        if remedy and decision.reason is Reason.AWAITING_APPROVAL:
            approval = approvals.ask(self._ledger, self._approval(episode, remedy))
        elif remedy and decision.reason is Reason.SHADOW:
            within = within_of(remedy, episode.annotations)
            shadow = {"would_run_at": rfc3339(self._clock.wall()), "verify_within_s": within}
        if not decisions.record(
            self._ledger,
            episode,
            decision,
            self._clock,
            approval=approval,
            shadow=shadow,
            is_told=not is_earlier(self._ledger, episode),
        ):
            return
        self._metrics.decided(decision)
        if shadow and decision.target:
            shadows.note(self._ledger, episode.id, decision.target.key, self._clock.steady())
        if remedy and decision.kind is DecisionKind.RUN:
            digest = question.digest if question else remedy.digest
            self._queue(episode, decision, remedy, digest)
        elif remedy and decision.escalate:
            self._queue_diagnostics(episode, decision, remedy)
        log.info(
            "decided",
            alertname=episode.alertname,
            episode=episode.id,
            decision=decision.kind.value,
            reason=decision.reason and decision.reason.value,
            detail=decision.detail,
        )

    def remedy(self, label: str | None) -> Remedy | None:
        """Return the remedy of a name; none when the policy has no such remedy (any more)."""
        return self._policy.by_label.get(label or "")

    def remedy_at(self, label: str | None, episode: Episode) -> Remedy | None:
        """Return the remedy of a name as it is now for an episode."""
        remedy = self.remedy(label)
        return remedy and current(remedy, self._policy.limits, self._attempts(episode), self._burning)

    def _count_burning(self) -> int:
        """Return how many targets have alerts that began within the breaker's time."""
        breaker = self._policy.limits.breaker
        if breaker is None:
            return 0
        since = self._clock.steady() - breaker.within
        return episodes.targets_since(self._ledger, self._policy.by_alert, since)

    def _queue(self, episode: Episode, decision: Decision, remedy: Remedy, digest: str | None) -> None:
        repeated = runs.to_repeat(self._ledger, episode.id)
        runs.queue(
            self._ledger,
            episode,
            decision,
            remedy=remedy,
            variables=_variables(remedy, episode) | ({runs.RUN_ID: repeated} if repeated else {}),
            within=within_of(remedy, episode.annotations),
            hold=hold_of(remedy, episode.annotations),
            digest=digest,
            clock=self._clock,
        )

    def _queue_diagnostics(self, episode: Episode, decision: Decision, remedy: Remedy) -> None:
        """Let a playbook that only reads look at the target, once for each episode, for the person told."""
        playbook = remedy.diagnostics_playbook
        if playbook is None or decision.target is None or runs.has_diagnostics(self._ledger, episode.id):
            return
        look = replace(decision, remedy=f"diagnostics/{remedy.alert}", playbook=playbook, attempt=0)
        target = {f"target_{key}": value for key, value in decision.target.as_json().items()}
        runs.queue(
            self._ledger,
            episode,
            look,
            remedy=remedy,
            variables={**target},
            digest=remedy.digest,
            clock=self._clock,
        )

    def _approval(self, episode: Episode, remedy: Remedy) -> Approval:
        """Return the question that has to be answered before a run, as if it were asked now."""
        variables = _variables(remedy, episode)
        attempt = len(self._attempts(episode)) + 1
        digest = self._digest()
        values = ", ".join(f"oims_{name}={value}" for name, value in variables.items())
        return Approval(
            id=approvals.approval_id(episode.id, attempt, remedy.label, remedy.playbook, digest, variables),
            episode=episode.id,
            remedy=remedy.label,
            variables=variables,
            command=f"ansible-playbook {remedy.playbook} with {values}",
            expires_steady=self._clock.steady() + remedy.approval_expires,
            preview=None,
            digest=digest,
        )

    def _attempts(self, episode: Episode) -> tuple[PastRun, ...]:
        """Return all runs of an episode, oldest first, those of another automation too."""
        own = runs.attempts(self._ledger, episode.id)
        return tuple(sorted(inherited.attempts(self._ledger, episode.id) + own, key=lambda run: run.started))

    def _question(self, episode: Episode, remedy: Remedy | None) -> Question | None:
        if remedy is None or remedy.mode is not Mode.APPROVE:
            return None
        try:
            asked = approvals.find(self._ledger, self._approval(episode, remedy).id)
        except InvalidTargetError:
            return None
        if asked is None:
            return None
        answer = known(self._ledger).answer(asked.id)
        if answer is None:
            return Question(None, "", asked.expires_steady, asked.digest)
        return Question(answer.state, answer.by, asked.expires_steady, asked.digest)


def _variables(remedy: Remedy, episode: Episode) -> runs.Variables:
    """Return what a remedy's playbook is given. Raises InvalidTargetError."""
    target = find_target(remedy, episode.labels, episode.owner).as_json()
    return {f"target_{key}": value for key, value in target.items()} | find_values(remedy, episode.labels)
