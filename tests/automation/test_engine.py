"""The engine and its ledger, one look at a time: who comes first, and what another automation did before."""

import json
import time
from datetime import timedelta

import pytest

from automation.events.schemas import Event
from automation.follow.engine import Engine
from automation.follow.outside import Outside
from automation.follow.predecessors import ASK_AGAIN, Predecessors
from automation.ledger import reports, runs
from automation.ledger.database import open_ledger
from automation.ledger.episodes import take_in
from automation.policy.contents import read_contents
from automation.policy.match import Owner, Target
from automation.policy.schemas import Policy
from automation.report import App
from automation.workload import Workload
from contract.moments import rfc3339
from contract.runs import RunState, Verdict
from tests.automation.doubles import APP_TOKEN, make_event
from tests.automation.test_property import FakeClock


def remedy(name, **more):
    return {
        "alert": name,
        "playbook": "repair.yml",
        "target": {"kind": "Deployment", "namespace": "shop", "name": name.lower()},
        "cooldown": "5m",
        "max_attempts": 2,
    } | more


OWNED = {"owner_of": "pod", "namespaces": ["shop"]}


class Bench:
    """A ledger, a clock that a test moves, and an engine whose policy lets one run at a time."""

    def __init__(self, folder, app):
        asked = remedy("Asked", mode="approve")
        quick = remedy("Quick", cooldown="1s", verify={"within": "5m"})
        chain = remedy("Chain", steps=["repair.yml", "again.yml"], approve_from=2, cooldown="1s")
        del chain["playbook"]
        policy = {
            "limits": {"concurrent_runs": 1, "breaker": {"targets": 3, "within": "10m"}},
            "remedies": [
                asked,
                quick,
                *(remedy(name) for name in "ABC"),
                remedy("Pods", target=OWNED),
                chain,
            ],
        }
        self.playbooks = folder / "playbooks"
        (self.playbooks / "tasks").mkdir(parents=True)
        self.ledger, self.clock, self._seq = open_ledger(folder), FakeClock(), 0
        self.muted, self.unfinished, self.coming_up = None, None, None
        self.consent, self.owner, self.asked = Workload(), None, []
        self.engine = Engine(
            Policy.model_validate(policy),
            self.ledger,
            self.clock,
            lambda: None,
            lambda: read_contents(self.playbooks, self.playbooks / "policy.yml").digest,
            outside=Outside(lambda _: self.muted, self, self),
        )
        app.clock_ahead = self.clock.wall().timestamp() - time.time()
        self.predecessors = Predecessors(App(app.url, APP_TOKEN), self.ledger, self.clock)

    def problem(self, _target):
        return self.unfinished

    def progress(self, _target):
        return self.coming_up

    def workload(self, _target):
        return self.consent

    def find(self, named):
        self.asked.append(named.path)
        return self.owner and self.owner(named)

    def fire(self, alertname, status="firing", *, episode=None, **labels):
        self._seq += 1
        name = episode or alertname
        event = make_event(self._seq, alertname, status, name, f"e-{name}", labels)
        take_in(self.ledger, [Event.model_validate(event)], self.clock.now)

    def look(self):
        """Decide; return what is queued now."""
        self.engine.decide_all(self.clock.now)
        return runs.in_state(self.ledger, "queued")

    def wait(self, seconds):
        self.clock.now += seconds
        self.clock.day += timedelta(seconds=seconds)

    def decision(self, alertname):
        query = "SELECT decision, reason FROM decisions WHERE episode = ? AND current = 1"
        (row,) = self.ledger.rows(query, f"e-{alertname}")
        return row["decision"], row["reason"]

    def verdict(self, run):
        """Settle with a journal read to its end just now; return the run's verification."""
        self.engine.verdicts.settle(self.clock.now)
        return runs.get_run(self.ledger, run.id).verification


@pytest.fixture
def bench(tmp_path, app):
    one = Bench(tmp_path, app)
    yield one
    one.ledger.close()


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


def test_while_the_app_is_away_nothing_is_known_of_the_one_before_and_it_is_asked_again(bench, app):
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


def found_of_any(kind, name):
    return lambda named: Owner(Target(kind, "shop", name), f"{named.path} → {kind} {name}")


def test_the_pods_of_one_workload_are_one_target_and_one_run(bench):
    bench.consent, bench.owner = Workload(frozenset({"repair"})), found_of_any("Deployment", "web")
    for number in range(10):
        bench.fire("Pods", episode=f"pod-{number}", namespace="shop", pod=f"web-{number}")

    queued = bench.look()

    assert [run.target for run in queued] == ["shop/Deployment/web"]
    assert [bench.decision(f"pod-{number}") for number in range(1, 10)] == [("deferred", "target_locked")] * 9


def test_a_cluster_that_does_not_answer_is_asked_again_and_not_once_for_each_alert(bench):
    for number in range(5):
        bench.fire("Pods", episode=f"pod-{number}", namespace="shop", pod=f"web-{number}")

    assert bench.look() == []
    assert bench.asked == ["Pod shop/web-0"]
    assert {bench.decision(f"pod-{number}") for number in range(5)} == {("deferred", "target_unknown")}


def test_a_workload_that_was_found_is_not_looked_for_when_its_pod_is_gone(bench):
    bench.owner = found_of_any("Deployment", "web")
    bench.consent = Workload(problem="the cluster answers 503")
    bench.fire("Pods", namespace="shop", pod="web-1")
    assert bench.look() == []
    assert bench.decision("Pods") == ("deferred", "target_unknown")

    bench.owner, bench.consent = None, Workload(frozenset({"all"}))

    assert [run.target for run in bench.look()] == ["shop/Deployment/web"]
    assert len(bench.asked) == 1


@pytest.mark.threat("T8")
def test_nobody_is_asked_about_what_the_policy_does_not_allow(bench):
    bench.fire("Pods", namespace="kube-system", pod="etcd")
    assert bench.look() == []
    assert bench.asked == []
    assert bench.decision("Pods") == ("declined", "invalid_target")


def test_the_next_step_is_asked_for_with_its_own_playbook_when_the_first_did_not_help(bench):
    bench.fire("Chain")
    (first,) = bench.look()
    runs.finish(bench.ledger, first.id, "succeeded", bench.clock)
    bench.wait(first.within + 1)
    assert bench.verdict(first) == "still_firing"

    assert bench.look() == []

    assert bench.decision("Chain") == ("deferred", "awaiting_approval")
    (asked,) = bench.ledger.rows("SELECT command FROM approvals")
    assert first.document["playbook"] == "repair.yml"
    assert asked["command"].startswith("ansible-playbook again.yml ")


def test_alerts_of_many_targets_at_once_ask_a_person_until_they_are_old(bench):
    for name in ("A", "B", "C", "Quick"):
        bench.fire(name)

    assert bench.look() == []
    assert {bench.decision(name) for name in ("A", "B", "C", "Quick")} == {("deferred", "awaiting_approval")}

    bench.wait(601)

    assert [run.episode for run in bench.look()] == ["e-A"]


def test_the_pods_of_one_workload_do_not_trip_the_breaker(bench):
    bench.consent, bench.owner = Workload(frozenset({"all"})), found_of_any("Deployment", "web")
    for number in range(9):
        bench.fire("Pods", episode=f"pod-{number}", namespace="shop", pod=f"web-{number}")
    assert len(bench.look()) == 1
