"""The decision table, rows of (policy, episode, situation, verb, reason), and what its rows are made of."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from automation.decide.model import PastRun, Question, Reason, Situation, Verb
from automation.instructions.schemas import Window
from automation.ledger.episodes import Episode
from automation.policy.schemas import Policy

WALL = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOW = 100_000.0

EPISODE = Episode(
    id="e1",
    fingerprint="f1",
    alertname="Broken",
    labels={"alertname": "Broken", "app": "web"},
    annotations={},
    is_firing=True,
    event_id="e1",
    opened_seq=1,
    last_seq=1,
    opened_at="2026-11-23T11:59:00.000Z",
    opened_steady=NOW - 60,
    resolved_at=None,
    resolved_steady=None,
    returns=0,
)
CALM = Situation(steady=NOW, wall=WALL, paused=None, runs=(), attempts=(), locked=frozenset(), episodes=1)
TARGET = "shop/Deployment/web"


def policy(limits=None, maintenance=(), **remedy):
    base = {
        "alert": "Broken",
        "playbook": "repair.yml",
        "target": {"kind": "Deployment", "namespace": "shop", "name": "web"},
        "max_attempts": 2,
        "cooldown": "5m",
    }
    return Policy.model_validate(
        {"remedies": [{**base, **remedy}], "limits": limits or {}, "maintenance": maintenance}
    )


def past(
    seconds_ago, *, episode="other", target=TARGET, state="succeeded", verification="verified", lasted=10
):
    started = NOW - seconds_ago
    return PastRun(
        episode, target, state, verification, started, None if lasted is None else started + lasted
    )


def attempt(seconds_ago, **changes):
    return past(seconds_ago, episode="e1", **{"verification": "still_firing", **changes})


WINDOW = {"name": "patch night", "start": "2026-11-23T11:00:00Z", "end": "2026-11-23T13:00:00Z"}
FROM_LABEL = {"kind": "Deployment", "namespace": "shop", "name": {"label": "app", "allow": ["api"]}}


def window(name, op, value):
    moments = {"starts_at": WALL - timedelta(hours=1), "ends_at": WALL + timedelta(hours=1)}
    return Window(id=1, matchers=[{"name": name, "op": op, "value": value}], **moments)


TABLE = {
    "nothing stands in the way": (policy(), EPISODE, CALM, Verb.RUN, None),
    "no remedy": (
        policy(),
        replace(EPISODE, labels={"alertname": "Other"}),
        CALM,
        Verb.DECLINED,
        Reason.NOT_IN_POLICY,
    ),
    "switched off": (policy(mode="off"), EPISODE, CALM, Verb.DECLINED, Reason.MODE_OFF),
    "a label that is not allowed": (
        policy(target=FROM_LABEL),
        EPISODE,
        CALM,
        Verb.DECLINED,
        Reason.INVALID_TARGET,
    ),
    "resolved": (policy(), replace(EPISODE, is_firing=False), CALM, Verb.DECLINED, Reason.ALREADY_RESOLVED),
    "too old": (policy(max_age="30s"), EPISODE, CALM, Verb.DECLINED, Reason.TOO_OLD),
    "not too old": (policy(max_age="60s"), EPISODE, CALM, Verb.RUN, None),
    "age is no reason for a second attempt": (
        policy(max_age="30s"),
        EPISODE,
        replace(CALM, attempts=(attempt(900),)),
        Verb.RUN,
        None,
    ),
    "attempts left": (policy(), EPISODE, replace(CALM, attempts=(attempt(900),)), Verb.RUN, None),
    "attempts used up": (
        policy(),
        EPISODE,
        replace(CALM, attempts=(attempt(900), attempt(500))),
        Verb.DECLINED,
        Reason.ATTEMPTS_EXHAUSTED,
    ),
    "interrupted once": (
        policy(max_attempts=9),
        EPISODE,
        replace(CALM, attempts=(attempt(5, state="interrupted"),), runs=(attempt(5, state="interrupted"),)),
        Verb.RUN,
        None,
    ),
    "interrupted twice": (
        policy(max_attempts=9),
        EPISODE,
        replace(CALM, attempts=(attempt(9, state="interrupted"), attempt(5, state="interrupted"))),
        Verb.DECLINED,
        Reason.ATTEMPTS_EXHAUSTED,
    ),
    "a run that cannot be judged": (
        policy(max_attempts=9),
        EPISODE,
        replace(CALM, attempts=(attempt(900, verification="inconclusive"),)),
        Verb.DECLINED,
        Reason.ATTEMPTS_EXHAUSTED,
    ),
    "flapping": (
        policy(flapping={"episodes": 3, "within": "1h"}),
        EPISODE,
        replace(CALM, episodes=4),
        Verb.DECLINED,
        Reason.FLAPPING,
    ),
    "not yet flapping": (
        policy(flapping={"episodes": 3, "within": "1h"}),
        EPISODE,
        replace(CALM, episodes=3),
        Verb.RUN,
        None,
    ),
    "shadow": (policy(mode="shadow"), EPISODE, CALM, Verb.DECLINED, Reason.SHADOW),
    "paused": (policy(), EPISODE, replace(CALM, paused="by ann"), Verb.DEFERRED, Reason.PAUSED),
    "final reasons come before those that pass": (
        policy(mode="off"),
        EPISODE,
        replace(CALM, paused="by ann"),
        Verb.DECLINED,
        Reason.MODE_OFF,
    ),
    "maintenance": (policy(maintenance=[WINDOW]), EPISODE, CALM, Verb.DEFERRED, Reason.MAINTENANCE),
    "maintenance set in the app": (
        policy(),
        EPISODE,
        replace(CALM, maintenance=(window("app", "=", "db"), window("app", "=~", "w.*"))),
        Verb.DEFERRED,
        Reason.MAINTENANCE,
    ),
    "maintenance in the app of something else": (
        policy(),
        EPISODE,
        replace(
            CALM, maintenance=(window("app", "=", "db"), window("app", "!~", "w.b"), window("gone", "!=", ""))
        ),
        Verb.RUN,
        None,
    ),
    "maintenance with an expression that cannot be read": (
        policy(),
        EPISODE,
        replace(CALM, maintenance=(window("app", "=~", "("),)),
        Verb.DEFERRED,
        Reason.MAINTENANCE,
    ),
    "a person was not asked yet": (
        policy(mode="approve"),
        EPISODE,
        CALM,
        Verb.DEFERRED,
        Reason.AWAITING_APPROVAL,
    ),
    "a person has not answered yet": (
        policy(mode="approve"),
        EPISODE,
        replace(CALM, question=Question(None, "", NOW + 1)),
        Verb.DEFERRED,
        Reason.AWAITING_APPROVAL,
    ),
    "a person never answered": (
        policy(mode="approve"),
        EPISODE,
        replace(CALM, question=Question(None, "", NOW)),
        Verb.DECLINED,
        Reason.APPROVAL_EXPIRED,
    ),
    "a person said no": (
        policy(mode="approve"),
        EPISODE,
        replace(CALM, question=Question("rejected", "Ann", NOW + 1)),
        Verb.DECLINED,
        Reason.APPROVAL_REJECTED,
    ),
    "a person said yes": (
        policy(mode="approve"),
        EPISODE,
        replace(CALM, question=Question("approved", "Ann", NOW - 1)),
        Verb.RUN,
        None,
    ),
    "a yes does not lift a pause": (
        policy(mode="approve"),
        EPISODE,
        replace(CALM, question=Question("approved", "Ann", NOW - 1), paused="by ann"),
        Verb.DEFERRED,
        Reason.PAUSED,
    ),
    "nobody is asked while something else stands in the way": (
        policy(mode="approve"),
        EPISODE,
        replace(CALM, runs=(past(309),)),
        Verb.DEFERRED,
        Reason.COOLDOWN,
    ),
    "shadow respects the cooldown": (
        policy(mode="shadow"),
        EPISODE,
        replace(CALM, runs=(past(309),)),
        Verb.DEFERRED,
        Reason.COOLDOWN,
    ),
    "shadow respects the budget": (
        policy(mode="shadow", max_runs_per_hour=1),
        EPISODE,
        replace(CALM, runs=(past(1000),)),
        Verb.DEFERRED,
        Reason.TARGET_BUDGET,
    ),
    "maintenance of its label": (
        policy(maintenance=[{**WINDOW, "match": {"app": ["web", "api"]}}]),
        EPISODE,
        CALM,
        Verb.DEFERRED,
        Reason.MAINTENANCE,
    ),
    "maintenance of another label": (
        policy(maintenance=[{**WINDOW, "match": {"app": "db"}}]),
        EPISODE,
        CALM,
        Verb.RUN,
        None,
    ),
    "silenced in Alertmanager": (
        policy(),
        EPISODE,
        replace(CALM, muted="silenced in Alertmanager by ann until noon"),
        Verb.DEFERRED,
        Reason.MAINTENANCE,
    ),
    "nobody is asked about what is silenced": (
        policy(mode="approve"),
        EPISODE,
        replace(CALM, muted="silenced in Alertmanager by ann until noon"),
        Verb.DEFERRED,
        Reason.MAINTENANCE,
    ),
    "maintenance of another alert": (
        policy(maintenance=[{**WINDOW, "alerts": ["Other"]}]),
        EPISODE,
        CALM,
        Verb.RUN,
        None,
    ),
    "a run at work on the target": (
        policy(),
        EPISODE,
        replace(CALM, locked=frozenset({TARGET}), runs=(past(5, lasted=None),)),
        Verb.DEFERRED,
        Reason.TARGET_LOCKED,
    ),
    "a run at work elsewhere": (
        policy(),
        EPISODE,
        replace(CALM, runs=(past(5, target="shop/Deployment/api", lasted=None),)),
        Verb.RUN,
        None,
    ),
    "cooling down": (policy(), EPISODE, replace(CALM, runs=(past(309),)), Verb.DEFERRED, Reason.COOLDOWN),
    "cooled down": (policy(), EPISODE, replace(CALM, runs=(past(310),)), Verb.RUN, None),
    "another target cools down": (
        policy(),
        EPISODE,
        replace(CALM, runs=(past(20, target="shop/Deployment/api"),)),
        Verb.RUN,
        None,
    ),
    "runs of the hour used up": (
        policy(max_runs_per_hour=2),
        EPISODE,
        replace(CALM, runs=(past(3000), past(1000))),
        Verb.DEFERRED,
        Reason.TARGET_BUDGET,
    ),
    "a run of more than an hour ago does not count": (
        policy(max_runs_per_hour=2),
        EPISODE,
        replace(CALM, runs=(past(3600), past(1000))),
        Verb.RUN,
        None,
    ),
    "runs of the day used up": (
        policy(max_runs_per_day=2),
        EPISODE,
        replace(CALM, runs=(past(80_000), past(40_000))),
        Verb.DEFERRED,
        Reason.TARGET_BUDGET,
    ),
    "too many at work": (
        policy(limits={"concurrent_runs": 1}),
        EPISODE,
        replace(CALM, runs=(past(5, target="shop/Deployment/api", lasted=None),)),
        Verb.DEFERRED,
        Reason.GLOBAL_BUDGET,
    ),
    "runs of all remedies used up": (
        policy(limits={"runs_per_hour": 1}),
        EPISODE,
        replace(CALM, runs=(past(1000, target="shop/Deployment/api"),)),
        Verb.DEFERRED,
        Reason.GLOBAL_BUDGET,
    ),
    "too many targets": (
        policy(limits={"targets_per_hour": 1}),
        EPISODE,
        replace(CALM, runs=(past(1000, target="shop/Deployment/api"),)),
        Verb.DEFERRED,
        Reason.GLOBAL_BUDGET,
    ),
    "a known target is not one more": (
        policy(limits={"targets_per_hour": 2}),
        EPISODE,
        replace(CALM, runs=(past(1000, target="shop/Deployment/api"), past(900))),
        Verb.RUN,
        None,
    ),
}
