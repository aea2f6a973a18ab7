"""Each row of the decision table, and when a deferral passes."""

from dataclasses import replace

import pytest

from automation.decide.rules import decide
from automation.policy.schemas import Mode
from contract.decisions import DecisionKind, Reason
from tests.automation.decisions import TABLE as NAMED
from tests.automation.owned_decisions import TABLE as OWNED
from tests.automation.situations import CALM, EPISODE, attempt, policy

TABLE = NAMED | OWNED


@pytest.mark.parametrize(("rules", "episode", "now", "kind", "reason"), TABLE.values(), ids=TABLE)
def test_the_table(rules, episode, now, kind, reason):
    decision = decide(episode, rules, now)
    assert (decision.kind, decision.reason) == (kind, reason)
    assert decision.detail.endswith(".")
    assert decision == decide(episode, rules, now)


def test_every_reason_is_in_the_table():
    assert {row[4] for row in TABLE.values()} - {None} == set(Reason)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, row in TABLE.items()
        if row[4] in {Reason.COOLDOWN, Reason.TARGET_BUDGET} and row[0].remedies[0].mode is Mode.AUTO
    ],
)
def test_a_deferral_that_names_a_time_has_passed_then(name):
    rules, episode, now, _, _ = TABLE[name]
    until = decide(episode, rules, now).until
    assert until > now.steady
    assert decide(episode, rules, replace(now, steady=until)).kind is DecisionKind.RUN
    assert decide(episode, rules, replace(now, steady=until - 0.5)).kind is DecisionKind.DEFERRED


@pytest.mark.parametrize(
    ("name", "escalates"),
    [
        ("attempts used up", True),
        ("interrupted twice", True),
        ("a run that cannot be judged", True),
        ("flapping", True),
        ("too old", True),
        ("a label that is not allowed", True),
        ("a person never answered", True),
        ("a pod that is gone", True),
        ("none wins", True),
        ("what Argo CD would revert", True),
        ("nobody has found the owner yet", False),
        ("a person said no", False),
        ("no remedy", False),
        ("switched off", False),
        ("shadow", False),
        ("resolved", False),
        ("cooling down", False),
        ("nothing stands in the way", False),
    ],
)
def test_a_person_is_told_when_the_machine_gives_up(name, escalates):
    rules, episode, now, _, _ = TABLE[name]
    assert decide(episode, rules, now).escalate is escalates


def test_a_run_says_which_attempt_it_is():
    decision = decide(EPISODE, policy(), replace(CALM, attempts=(attempt(900),)))
    assert decision.attempt == 2
    assert decision.detail == "Running repair.yml on Deployment shop/web, attempt 2 of 2."


def test_each_attempt_runs_the_playbook_of_its_step():
    rules = policy(steps=["restart.yml", "rollback.yml"], playbook=None)
    played = [
        decide(EPISODE, rules, replace(CALM, attempts=attempts)).playbook
        for attempts in ((), (attempt(900),))
    ]
    assert played == ["restart.yml", "rollback.yml"]
