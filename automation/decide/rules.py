"""The decision itself: final reasons first, then those that pass, then run."""

from dataclasses import replace

from automation.clock import HOUR, parse_time
from automation.decide.budgets import global_budget, target_budget
from automation.decide.case import Case, Guard, Obstacle, current, is_tripped
from automation.decide.consent import managed_elsewhere, not_allowed, unknown_workload
from automation.decide.situation import Situation
from automation.ledger.episodes import Episode
from automation.policy.match import (
    InvalidTargetError,
    UnknownOwnerError,
    find_maintenance,
    find_remedy,
    find_target,
    find_values,
)
from automation.policy.schemas import Mode, Policy
from automation.records import Decision
from automation.verify import within_of
from contract import durations
from contract.decisions import DecisionKind, Reason
from contract.runs import RunState, Verdict

MAX_INTERRUPTIONS = 2


def decide(episode: Episode, policy: Policy, now: Situation) -> Decision:
    """Decide about one episode. The same input always gives the same decision."""
    remedy = find_remedy(policy, episode.labels)
    if remedy is None:
        name = episode.alertname or "without a name"
        return Decision(
            DecisionKind.DECLINED, Reason.NOT_IN_POLICY, f"The policy names no remedy for the alert {name}."
        )
    remedy = current(remedy, policy.limits, now.attempts, now.burning)
    named = Decision(DecisionKind.DECLINED, None, "", remedy=remedy.label, playbook=remedy.playbook)
    if remedy.mode is Mode.OFF:
        return replace(
            named, reason=Reason.MODE_OFF, detail=f"The policy switches the remedy {remedy.label} off."
        )
    try:
        target = find_target(remedy, episode.labels, episode.owner)
        find_values(remedy, episode.labels)
    except UnknownOwnerError as error:
        detail = f"Which workload owns {error} is not known yet: the cluster has not said it."
        return replace(named, kind=DecisionKind.DEFERRED, reason=Reason.TARGET_UNKNOWN, detail=detail)
    except InvalidTargetError as error:
        detail = f"The target is not allowed: {error}."
        return replace(named, reason=Reason.INVALID_TARGET, detail=detail, escalate=episode.is_firing)
    case = Case(episode, policy, remedy, target, now)
    named = replace(named, target=target)
    for kind, guards in (
        (DecisionKind.DECLINED, FINAL),
        (DecisionKind.DEFERRED, PASSING),
        (DecisionKind.DECLINED, (_shadow,)),
    ):
        for guard in guards:
            obstacle = guard(case)
            if obstacle:
                return replace(
                    named,
                    kind=kind,
                    reason=obstacle.reason,
                    detail=obstacle.detail,
                    until=obstacle.until,
                    escalate=obstacle.escalate,
                )
    attempt = len(now.attempts) + 1
    detail = f"Running {remedy.playbook} on {target}, attempt {attempt} of {remedy.max_attempts}."
    return replace(named, kind=DecisionKind.RUN, detail=detail, attempt=attempt)


def _inconclusive(case: Case) -> Obstacle | None:
    last = case.now.attempts[-1] if case.now.attempts else None
    if last is None or last.verification is not Verdict.INCONCLUSIVE:
        return None
    detail = "Whether the last run helped cannot be judged; a person has to look."
    return Obstacle(Reason.ATTEMPTS_EXHAUSTED, detail, escalate=True)


def _already_resolved(case: Case) -> Obstacle | None:
    if case.episode.is_firing:
        return None
    return Obstacle(Reason.ALREADY_RESOLVED, "The alert resolved before a run was due.")


def _unknown(case: Case) -> Obstacle | None:
    if not case.now.is_unknown:
        return None
    detail = (
        "The ledger was damaged and repaired: what was done about this alert is not known, so nothing is run "
        "again; a person has to look."
    )
    return Obstacle(Reason.ATTEMPTS_EXHAUSTED, detail, escalate=True)


def _too_old(case: Case) -> Obstacle | None:
    limit = case.remedy.max_age
    if limit is None:
        return None
    age = ((case.now.journal_now or case.now.wall) - parse_time(case.episode.opened_at)).total_seconds()
    if case.now.attempts or age <= limit:
        return None
    detail = (
        f"The alert is {durations.write(age)} old; the policy acts on alerts up to {durations.write(limit)}."
    )
    return Obstacle(Reason.TOO_OLD, detail, escalate=True)


def _attempts_exhausted(case: Case) -> Obstacle | None:
    count, limit = len(case.now.attempts), case.remedy.max_attempts
    interrupted = sum(run.state is RunState.INTERRUPTED for run in case.now.attempts)
    steps = case.remedy.steps
    if steps and count - interrupted >= len(steps):
        detail = f"All steps ran ({', '.join(steps)}) and the alert still fires; a person has to look."
    elif not steps and count >= limit:
        detail = (
            f"{case.remedy.playbook} ran {_times(count)} and the alert still fires; a person has to look."
        )
    elif interrupted >= MAX_INTERRUPTIONS:
        detail = f"{case.remedy.playbook} was interrupted {_times(interrupted)}; a person has to look."
    else:
        return None
    return Obstacle(Reason.ATTEMPTS_EXHAUSTED, detail, escalate=True)


def _flapping(case: Case) -> Obstacle | None:
    rule, count = case.remedy.flapping, case.now.episodes
    if count <= rule.episodes:
        return None
    span = durations.write(rule.within)
    detail = f"The alert fired {count} times within {span}: it is flapping, a person has to look."
    return Obstacle(Reason.FLAPPING, detail, escalate=True)


def _shadow(case: Case) -> Obstacle | None:
    if case.remedy.mode is not Mode.SHADOW:
        return None
    detail = f"In shadow mode: would have run {case.remedy.playbook} on {case.target}."
    return Obstacle(Reason.SHADOW, detail)


def _answered(case: Case) -> Obstacle | None:
    question = case.now.question
    if case.remedy.mode is not Mode.APPROVE or question is None or question.answer == "approved":
        return None
    if question.answer == "rejected":
        detail = f"{question.by or 'A person'} rejected the run of {case.remedy.playbook} on {case.target}."
        return Obstacle(Reason.APPROVAL_REJECTED, detail)
    if case.now.steady < question.expires:
        return None
    limit = durations.write(case.remedy.approval_expires)
    detail = f"Nobody answered within {limit} whether {case.remedy.playbook} may run; a person has to look."
    return Obstacle(Reason.APPROVAL_EXPIRED, detail, escalate=True)


def _awaiting_approval(case: Case) -> Obstacle | None:
    """Ask last: with every other guard passed, a person's yes lets the run begin at once."""
    question = case.now.question
    if case.remedy.mode is not Mode.APPROVE or (question and question.answer == "approved"):
        return None
    until = question.expires if question else case.now.steady + case.remedy.approval_expires
    detail = f"A person has to approve {case.remedy.playbook} on {case.target}."
    breaker, burning = case.policy.limits.breaker, case.now.burning
    if breaker and is_tripped(case.policy.limits, burning):
        within = durations.write(breaker.within)
        detail += f" Alerts of {burning} targets began within {within}; the breaker allows {breaker.targets}."
    return Obstacle(Reason.AWAITING_APPROVAL, detail, until)


def _paused(case: Case) -> Obstacle | None:
    if case.now.paused is None:
        return None
    return Obstacle(Reason.PAUSED, f"Automation is paused: {case.now.paused}.")


def _maintenance(case: Case) -> Obstacle | None:
    for hold in case.now.maintenance:
        if hold.holds(case.episode.labels, case.now.wall):
            until = case.now.steady + (hold.ends_at - case.now.wall).total_seconds()
            return Obstacle(
                Reason.MAINTENANCE, f"Maintenance window: {hold.comment or f'number {hold.id}'}.", until
            )
    found = find_maintenance(case.policy, case.episode.labels, case.now.wall)
    if found is None:
        return None
    window, end = found
    until = case.now.steady + (end - case.now.wall).total_seconds()
    return Obstacle(Reason.MAINTENANCE, f"Maintenance window: {window.name}.", until)


def _muted(case: Case) -> Obstacle | None:
    """Let a silence hold back runs as it holds back messages; nobody knows when an inhibition ends."""
    if case.now.muted is None:
        return None
    return Obstacle(Reason.MAINTENANCE, f"The alert is {case.now.muted}.")


def _locked(case: Case) -> Obstacle | None:
    if case.target.key not in case.now.locked:
        return None
    return Obstacle(Reason.TARGET_LOCKED, f"Another run is at work on {case.target}.")


def _rolling_out(case: Case) -> Obstacle | None:
    """Leave a target alone that is coming up: a run would disturb it, and be credited with its end."""
    if case.now.progress is None:
        return None
    return Obstacle(Reason.ROLLING_OUT, f"{case.target} is coming up: {case.now.progress}.")


def _cooldown(case: Case) -> Obstacle | None:
    """Look at the end of the last run; an interrupted one repaired nothing, so its repeat need not wait."""
    ends = [
        run.ended for run in case.on_target if run.ended is not None and run.state is not RunState.INTERRUPTED
    ]
    until = max(ends, default=-HOUR) + case.remedy.cooldown
    if not ends or case.now.steady >= until:
        return None
    rest = durations.write(until - case.now.steady)
    cooldown = durations.write(case.remedy.cooldown)
    detail = f"{case.target} had a run a short time ago; the cooldown of {cooldown} ends in {rest}."
    return Obstacle(Reason.COOLDOWN, detail, until)


def _being_judged(case: Case) -> Obstacle | None:
    """Leave the last run, perhaps of another leader, its time: an alert that fires on says nothing yet."""
    last = case.now.attempts[-1] if case.now.attempts else None
    if last is None or last.verification is not Verdict.PENDING or last.ended is None:
        return None
    until = last.ended + within_of(case.remedy, case.episode.annotations)
    if case.now.steady >= until:
        return None
    rest = durations.write(until - case.now.steady)
    detail = f"The last run on {case.target} may have helped: whether the alert ends is awaited for {rest}."
    return Obstacle(Reason.COOLDOWN, detail, until)


FINAL: tuple[Guard, ...] = (
    _inconclusive,
    _already_resolved,
    not_allowed,
    managed_elsewhere,
    _unknown,
    _too_old,
    _attempts_exhausted,
    _flapping,
    _answered,
)
PASSING: tuple[Guard, ...] = (
    _paused,
    _maintenance,
    _muted,
    unknown_workload,
    _locked,
    _rolling_out,
    _cooldown,
    _being_judged,
    target_budget,
    global_budget,
    _awaiting_approval,
)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
