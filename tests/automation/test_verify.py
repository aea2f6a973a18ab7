"""The verdict table."""

from dataclasses import replace

import pytest

from automation.ledger.runs import Run
from automation.policy.schemas import Remedy
from automation.verify import Observation, hold_of, judge, within_of
from contract.runs import RunState, Verdict
from tests.automation.situations import EPISODE

FINISHED = 1000.0
RUN = Run(
    id="r",
    episode="e1",
    fingerprint="f1",
    target="t",
    attempt=1,
    state=RunState.SUCCEEDED,
    verification=Verdict.PENDING,
    queued_steady=900,
    finished_steady=FINISHED,
    within=300,
    hold=60,
    variables={},
    timeout=60,
    document={},
    digest=None,
)
FIRING = EPISODE
RESOLVED = replace(EPISODE, is_firing=False, resolved_steady=1100.0)
NEXT_FIRING = replace(EPISODE, id="e2")
NEXT_RESOLVED = replace(EPISODE, id="e2", is_firing=False, resolved_steady=1320.0)

TABLE = {
    "firing, time left": (FIRING, 1299, 1299, False, None),
    "firing at the end": (FIRING, 1300, 1300, False, "still_firing"),
    "firing, but the journal was not read since": (FIRING, 1310, 1250, False, None),
    "the journal never came back": (FIRING, 1361, 1250, False, "inconclusive"),
    "the journal was never read": (FIRING, 1361, None, False, "inconclusive"),
    "resolved, not held yet": (RESOLVED, 1159, 1159, False, None),
    "resolved and held": (RESOLVED, 1160, 1160, False, "verified"),
    "resolved before the playbook ended": (
        replace(RESOLVED, resolved_steady=990.0),
        1059,
        1059,
        False,
        None,
    ),
    "held, but the journal was not read": (RESOLVED, 1170, 1159, False, None),
    "held, but the journal is away for long": (RESOLVED, 1500, 1159, False, "inconclusive"),
    "held, but no metrics": (RESOLVED, 1160, 1160, True, "inconclusive"),
    "back, time left": (NEXT_FIRING, 1200, 1200, False, None),
    "back at the end": (NEXT_FIRING, 1300, 1300, False, "still_firing"),
    "back and gone too late": (NEXT_RESOLVED, 1380, 1380, False, "timed_out"),
    "known to be resolved only after a long stop": (
        replace(RESOLVED, resolved_steady=9000.0),
        9060,
        9060,
        False,
        "verified",
    ),
}


@pytest.mark.parametrize(("latest", "now", "read_at", "lost", "verdict"), TABLE.values(), ids=TABLE)
def test_the_table(latest, now, read_at, lost, verdict):
    seen = Observation(EPISODE, latest, now, read_at, is_watchdog_lost=lost)
    found = judge(RUN, seen)
    assert (found.verdict if found else None) == verdict


@pytest.mark.parametrize("latest", [RESOLVED, FIRING, NEXT_FIRING])
def test_while_prometheus_or_alertmanager_is_away_every_verdict_is_inconclusive(latest):
    seen = Observation(EPISODE, latest, 1500, 1500, is_watchdog_lost=False, silence=200)
    found = judge(RUN, seen)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "Prometheus or Alertmanager had been away for 3m20s" in found.detail


@pytest.mark.parametrize(
    ("now", "unfinished", "verdict"),
    [
        (1160, None, "verified"),
        (1160, "it is scaled to 0", None),
        (1300 + 60 + 59, "it is scaled to 0", None),
        (1300 + 60 + 60, "it is scaled to 0", "inconclusive"),
    ],
    ids=["rolled out", "not yet", "until the last moment", "not in time"],
)
def test_an_alert_that_is_gone_proves_nothing_before_the_target_is_rolled_out(now, unfinished, verdict):
    found = judge(
        RUN, Observation(EPISODE, RESOLVED, now, now, is_watchdog_lost=False, unfinished=unfinished)
    )
    assert (found.verdict if found else None) == verdict
    if verdict == "inconclusive":
        assert found.detail == "The alert is gone, but t is not rolled out: it is scaled to 0."


@pytest.mark.parametrize(
    ("set_to", "annotation", "hold"),
    [
        (None, None, 120),
        (None, "1m", 120),
        (None, "90s", 120),
        (None, "5m", 330),
        (None, "30d", 3630),
        (None, "{{ x }}", 120),
        (None, "", 120),
        ("10s", "5m", 10),
    ],
)
def test_the_hold_is_longer_than_the_window_of_the_rule(set_to, annotation, hold):
    remedy = remedy_with(hold=set_to) if set_to else remedy_with()
    annotations = {} if annotation is None else {"oims_window": annotation}
    assert hold_of(remedy, annotations) == hold


@pytest.mark.parametrize(
    ("set_to", "annotation", "within"), [("1m", None, 60), ("1m", "5m", 330), ("9m", "5m", 540)]
)
def test_an_alert_gets_more_time_to_resolve_than_its_rule_looks_back(set_to, annotation, within):
    annotations = {"oims_window": annotation} if annotation else {}
    assert within_of(remedy_with(within=set_to), annotations) == within


def remedy_with(**verify):
    target = {"kind": "Deployment", "namespace": "shop", "name": "web"}
    return Remedy.model_validate(
        {"alert": "Broken", "playbook": "repair.yml", "target": target, "verify": verify}
    )
