"""The engine where the cluster finds targets, remedies have steps, and much burns at once."""

import pytest

from automation.ledger import runs
from automation.policy.match import Owner, Target
from automation.workload import Workload


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


def test_an_object_that_is_refused_holds_up_no_other(bench):
    bench.is_away = False
    for number in range(3):
        bench.fire("Pods", episode=f"pod-{number}", namespace="shop", pod=f"web-{number}")
    assert bench.look() == []
    assert bench.asked == [f"Pod shop/web-{number}" for number in range(3)]


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


def test_the_next_step_is_asked_for_when_the_first_did_not_help(bench):
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
