"""The engine and its ledger, one look at a time: who comes first, and what another automation did before."""

import json
from datetime import timedelta

import pytest

from automation.follow.predecessors import ASK_AGAIN
from automation.ledger import reports, runs
from automation.ledger.episodes import take_in
from contract.moments import rfc3339
from contract.runs import RunState, Verdict


def reported(
    bench, name, alertname, state=RunState.SUCCEEDED, verification=Verdict.STILL_FIRING, ago=60, attempt=1
):
    """A run as the app tells it."""
    at = rfc3339(bench.clock.wall() - timedelta(seconds=ago))
    return {
        "id": name,
        "episode": f"e-{alertname}",
        "target": {"kind": "Deployment", "namespace": "shop", "name": alertname.lower()},
        "attempt": attempt,
        "state": state,
        "verification": verification,
        "queued_at": at,
        "finished_at": at if state == "succeeded" else None,
    }


def test_what_the_ledger_commits_is_on_disk_when_it_counts(bench):
    full = 2
    assert [tuple(row) for row in bench.ledger.rows("PRAGMA synchronous")] == [(full,)]


def test_of_several_that_wait_for_a_place_the_oldest_comes_first(bench):
    for name in "BCA":
        bench.fire(name)
    order = []
    for _ in range(3):
        (run,) = bench.look()
        order.append(run.target[-1])
        runs.finish(bench.ledger, run.id, "failed", bench.clock)
        bench.wait(1)
    assert order == ["b", "c", "a"]


def test_a_person_is_asked_anew_when_anything_changed_that_the_playbook_may_include(bench):
    def questions():
        bench.look()
        return len(bench.ledger.rows("SELECT 1 FROM approvals"))

    bench.fire("Asked")
    assert questions() == questions() == 1
    (bench.playbooks / "tasks" / "restart.yml").write_text("- ansible.builtin.debug:\n")
    assert questions() == questions() == 2
    (bench.playbooks / "policy.yml").write_text("remedies: []\n")
    assert questions() == 2, "the policy in force is the one of the start"


def test_the_repeat_of_an_interrupted_run_goes_on_under_its_id(bench):
    bench.fire("A")
    (first,) = bench.look()
    runs.finish(bench.ledger, first.id, "interrupted", bench.clock)
    (second,) = bench.look()
    assert second.variables["run_id"] == first.id
    runs.finish(bench.ledger, second.id, "failed", bench.clock)
    assert runs.to_repeat(bench.ledger, "e-A") is None


def test_who_takes_over_keeps_to_the_cooldown_and_the_attempts_of_the_one_before(bench, app):
    app.past = [reported(bench, "r1", "A", ago=400), reported(bench, "r2", "A"), reported(bench, "r3", "B")]
    bench.predecessors.learn()
    for name in "ABC":
        bench.fire(name)
    (run,) = bench.look()
    assert run.target == "shop/Deployment/c"
    assert bench.decision("A") == ("declined", "attempts_exhausted")
    runs.finish(bench.ledger, run.id, "succeeded", bench.clock)
    bench.look()
    assert bench.decision("B") == ("deferred", "cooldown")
    bench.wait(240)
    (run,) = bench.look()
    assert (run.target, run.attempt) == ("shop/Deployment/b", 2)


def test_who_takes_over_leaves_the_last_run_the_time_to_show_that_it_helped(bench, app):
    app.past = [reported(bench, "r1", "Quick", verification=Verdict.PENDING, ago=60)]
    bench.predecessors.learn()
    bench.fire("Quick")
    assert bench.look() == []
    assert bench.decision("Quick") == ("deferred", "cooldown")
    bench.wait(239)
    assert bench.look() == []
    bench.wait(2)
    (run,) = bench.look()
    assert run.attempt == 2


def test_a_run_that_the_one_before_did_not_end_is_repeated_at_once_under_its_id(bench, app):
    app.past = [reported(bench, "cut", "A", "running", None), reported(bench, "look", "B", attempt=0)]
    bench.predecessors.learn()
    bench.fire("A")
    (run,) = bench.look()
    assert (run.attempt, run.variables["run_id"]) == (2, "cut")


def test_while_the_app_is_away_the_predecessor_is_asked_for_again(bench, app):
    app.past = [reported(bench, "r1", "A")]
    app.down()
    bench.predecessors.learn()
    app.up()
    bench.predecessors.learn()
    bench.fire("A")
    assert len(bench.look()) == 1, "what burns is repaired"
    bench.wait(ASK_AGAIN)
    bench.predecessors.learn()
    assert len(bench.ledger.rows("SELECT 1 FROM inherited_runs")) == 1


@pytest.mark.parametrize("name", ["A", "Asked"])
def test_what_is_silenced_is_neither_run_nor_asked_for_until_it_no_longer_is(bench, name):
    def acts():
        return bench.look() or bench.ledger.rows("SELECT 1 FROM approvals")

    bench.muted = "silenced by ada"
    bench.fire(name)
    assert not acts()
    assert bench.decision(name) == ("deferred", "maintenance")
    bench.muted = None
    assert acts()


def test_a_repair_is_verified_only_when_its_target_is_rolled_out(bench):
    bench.unfinished = "1 of 2 pods is ready"
    bench.fire("A")
    (run,) = bench.look()
    runs.finish(bench.ledger, run.id, "succeeded", bench.clock)
    bench.fire("A", "resolved")
    bench.wait(run.hold + 1)
    assert bench.verdict(run) == "pending"
    bench.unfinished = None
    assert bench.verdict(run) == "verified"


def test_a_target_that_is_coming_up_is_left_alone_until_it_is_there(bench):
    bench.coming_up = "its rollout is in progress"
    bench.fire("A")

    assert bench.look() == []
    assert bench.decision("A") == ("deferred", "rolling_out")

    bench.coming_up = None
    assert [run.episode for run in bench.look()] == ["e-A"]


def test_what_was_over_before_it_became_the_leader_is_recorded_without_a_report(bench):
    for name in "AB":
        bench.fire(name)
    bench.fire("A", "resolved")
    take_in(bench.ledger, [], 0.0, new_offset=3)
    bench.predecessors.learn()
    bench.look()
    bench.fire("C")
    bench.fire("C", "resolved")
    bench.look()
    assert bench.decision("A") == bench.decision("C") == ("declined", "already_resolved")
    assert bench.decision("B") == ("run", None)
    told = [json.loads(report.body)["alertname"] for report in reports.due(bench.ledger, 1e9)]
    assert "A" not in told
    assert {"B", "C"} <= set(told)
