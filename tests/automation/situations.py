"""What an automation knows when it decides: one episode, a calm moment, and what changes them."""

from datetime import UTC, datetime, timedelta

from automation.decide.situation import Situation
from automation.ledger.episodes import Episode
from automation.policy.schemas import Policy
from automation.records import PastRun
from contract.instructions import Window
from contract.runs import RunState, Verdict

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
    given = {key: value for key, value in {**base, **remedy}.items() if value is not None}
    return Policy.model_validate({"remedies": [given], "limits": limits or {}, "maintenance": maintenance})


def past(
    seconds_ago,
    *,
    episode="other",
    target=TARGET,
    state=RunState.SUCCEEDED,
    verification=Verdict.VERIFIED,
    lasted=10,
):
    started = NOW - seconds_ago
    return PastRun(
        episode, target, state, verification, started, None if lasted is None else started + lasted
    )


def attempt(seconds_ago, **changes):
    return past(seconds_ago, episode="e1", **{"verification": Verdict.STILL_FIRING, **changes})


WINDOW = {"name": "patch night", "start": "2026-11-23T11:00:00Z", "end": "2026-11-23T13:00:00Z"}
FROM_LABEL = {"kind": "Deployment", "namespace": "shop", "name": {"label": "app", "allow": ["api"]}}


def window(name, op, value):
    moments = {"starts_at": WALL - timedelta(hours=1), "ends_at": WALL + timedelta(hours=1)}
    return Window(id=1, matchers=[{"name": name, "op": op, "value": value}], **moments)
