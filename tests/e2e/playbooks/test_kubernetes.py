"""Each remedy on a real API server: check mode, for real, again, and what it must refuse."""

import json
import re
import time

import pytest

from automation.policy.schemas import Policy
from automation.revisions import Revisions
from tests.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
KINDS = ["Deployment", "StatefulSet", "DaemonSet"]


def said(done):
    return " ".join((done.stdout + done.stderr).split())


def changed(done):
    assert done.returncode == 0, said(done)
    return int(re.search(r"changed=(\d+)", done.stdout)[1])


def refused(done, reason):
    assert done.returncode != 0, said(done)
    assert reason in said(done)


@pytest.mark.parametrize("kind", KINDS)
def test_a_restart_replaces_every_pod_once_per_run(cluster, play, kind):
    name = cluster.create(kind, f"restart-{kind.lower()}")
    target, before = f"{kind}/{name}", cluster.pods(name)
    template = cluster.get(kind, name)["spec"]["template"]["spec"]

    assert changed(play("restart_oims", target, "--check", oims_run_id="run-1")) == 1
    assert cluster.pods(name) == before

    assert changed(play("restart_oims", target, oims_run_id="run-1")) == 1
    after = cluster.pods(name)
    assert len(after) == len(before)
    assert not after & before
    assert cluster.get(kind, name)["spec"]["template"]["spec"] == template

    assert changed(play("restart_oims", target, oims_run_id="run-1")) == 0
    assert changed(play("restart_oims", target, "--check", oims_run_id="run-1")) == 0
    assert cluster.pods(name) == after
    assert changed(play("restart_oims", target, oims_run_id="run-2")) == 1
    assert not cluster.pods(name) & after


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_scaling_steps_once_per_run_and_never_leaves_the_bounds(cluster, play, kind):
    name = cluster.create(kind, f"scale-{kind.lower()}")
    target = f"{kind}/{name}"

    def replicas():
        return cluster.get(kind, name)["spec"]["replicas"]

    bounds = {"oims_max_replicas": 3, "oims_step": 2}
    assert changed(play("scale_oims", target, "--check", oims_run_id="up", **bounds))
    assert replicas() == 1
    assert "scaled from 1 to 3" in said(first := play("scale_oims", target, oims_run_id="up", **bounds))
    assert changed(first)
    assert len(cluster.pods(name)) == 3
    assert changed(play("scale_oims", target, oims_run_id="up", **bounds)) == 0
    at_most = play("scale_oims", target, oims_run_id="more", **bounds)
    assert changed(at_most) == 0
    assert "that is its maximum or beyond" in said(at_most)

    assert changed(play("scale_oims", target, oims_run_id="down", oims_max_replicas=3, oims_step=-9))
    assert replicas() == 1


def test_a_scaling_that_was_interrupted_goes_on_to_the_same_number(cluster, play):
    name = cluster.create("Deployment", "scale-interrupted")
    cluster.kubectl("annotate", "deployment", name, "oims.dev/scaled-by-run=cut", "oims.dev/scale-goal=2")
    assert changed(
        play("scale_oims", f"Deployment/{name}", oims_run_id="cut", oims_max_replicas=5, oims_step=4)
    )
    assert cluster.get("deployment", name)["spec"]["replicas"] == 2


@pytest.mark.fault("F24")
def test_an_autoscaled_workload_is_left_to_its_autoscaler(cluster, play):
    name = cluster.create("Deployment", "scale-hpa")
    cluster.kubectl("autoscale", "deployment", name, "--max=4", "--name=its-autoscaler")
    refused(
        play("scale_oims", f"Deployment/{name}", oims_max_replicas=3), "its-autoscaler decides the replicas"
    )
    assert cluster.get("deployment", name)["spec"]["replicas"] == 1


def test_a_workload_marked_as_single_is_not_scaled(cluster, play):
    name = cluster.create("Deployment", "scale-single")
    cluster.kubectl("annotate", "deployment", name, "oims.dev/single-replica=true")
    refused(play("scale_oims", f"Deployment/{name}", oims_max_replicas=3), "it must run once")
    assert cluster.get("deployment", name)["spec"]["replicas"] == 1


def noted(cluster, kind, name):
    """Have automation note the revision that runs, as it does all the time for what the policy rolls back."""
    target = {"kind": kind, "namespace": cluster.namespace, "name": name}
    policy = Policy.model_validate(
        {"remedies": [{"alert": "Broken", "playbook": "rollback_oims.yml", "target": target}]}
    )
    assert Revisions(policy).note()


def step(cluster, kind, name, value):
    cluster.kubectl("set", "env", f"{kind}/{name}", f"STEP={value}")
    cluster.kubectl("rollout", "status", f"{kind}/{name}", "--timeout=90s")


@pytest.mark.parametrize("kind", KINDS)
def test_a_rollback_goes_to_the_last_template_that_was_ready_and_keeps_the_annotations(cluster, play, kind):
    name = cluster.create(kind, f"back-{kind.lower()}")
    target = f"{kind}/{name}"
    refused(play("rollback_oims", target), "no earlier revision")
    noted(cluster, kind, name)

    step(cluster, kind, name, "two")
    assert changed(play("restart_oims", target))  # a revision that changes nothing but a time
    assert changed(play("rollback_oims", target, "--check", oims_run_id="back")) == 1
    assert cluster.env(kind, name) == "two"

    assert changed(play("rollback_oims", target, oims_run_id="back")) == 1
    assert cluster.env(kind, name) == "one"
    assert cluster.get(kind, name)["metadata"]["annotations"]["meta.helm.sh/release-name"] == "kept"
    assert changed(play("rollback_oims", target, oims_run_id="back")) == 0

    noted(cluster, kind, name)
    refused(play("rollback_oims", target, oims_run_id="again"), "for a person to decide")
    assert cluster.env(kind, name) == "one"

    step(cluster, kind, name, "three")
    assert changed(play("rollback_oims", target, oims_run_id="later")) == 1
    assert cluster.env(kind, name) == "one"


def test_a_template_of_which_nobody_knows_that_it_was_ready_is_chosen_by_a_person_only(cluster, play):
    name = cluster.create("Deployment", "unknown")
    step(cluster, "Deployment", name, "two")

    refused(play("rollback_oims", f"Deployment/{name}"), "known to have been fully available")
    refused(play("rollback_oims", f"Deployment/{name}", oims_revision=7), "has no revision 7")
    assert changed(play("rollback_oims", f"Deployment/{name}", oims_revision=1)) == 1
    assert cluster.env("Deployment", name) == "one"


def test_a_rollback_skips_a_template_that_never_got_ready(cluster, play):
    name = cluster.create("Deployment", "twice-broken")
    for image in ("nowhere.invalid/none:1", "nowhere.invalid/none:2"):
        cluster.kubectl("set", "image", f"deployment/{name}", f"main={image}")
        until(lambda wanted=image: wanted in cluster.kubectl("get", "rs", "-o", "wide"))

    assert changed(play("rollback_oims", f"Deployment/{name}")) == 1
    (container,) = cluster.get("deployment", name)["spec"]["template"]["spec"]["containers"]
    assert container["image"] == cluster.image
    assert cluster.get("deployment", name)["status"]["availableReplicas"] == 1


def test_waiting_ends_by_the_clock_and_says_what_is_missing(cluster, play):
    name = cluster.create("Deployment", "late")
    cluster.kubectl("set", "image", f"deployment/{name}", "main=nowhere.invalid/none:1")
    late = play("restart_oims", f"Deployment/{name}", oims_wait_seconds=600, oims_end_by=int(time.time()) + 8)

    refused(late, "was not ready in time")
    assert "pods are wanted" in said(late)


def test_a_rollout_that_never_gets_ready_fails_and_a_rollback_mends_it(cluster, play):
    name = cluster.create("Deployment", "broken")
    cluster.kubectl("set", "image", f"deployment/{name}", "main=nowhere.invalid/none:1")
    stuck = play("restart_oims", f"Deployment/{name}", oims_wait_seconds=5)
    assert stuck.returncode != 0
    assert changed(play("rollback_oims", f"Deployment/{name}")) == 1
    assert cluster.get("deployment", name)["status"]["availableReplicas"] == 1


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"paused": True}, "is paused"),
        ({"replicas": 0}, "is scaled to 0"),
    ],
)
def test_a_restart_that_would_reach_no_pod_is_refused(cluster, play, spec, reason):
    name = cluster.create("Deployment", f"idle-{next(iter(spec))}")
    cluster.kubectl("patch", "deployment", name, "-p", json.dumps({"spec": spec}))
    refused(play("restart_oims", f"Deployment/{name}"), reason)


def test_a_workload_that_does_not_exist_is_named(play):
    refused(play("restart_oims", "Deployment/nowhere"), "/nowhere does not exist")


@pytest.mark.parametrize("kind", KINDS)
def test_diagnostics_show_status_events_and_logs_and_change_nothing_twice_and_in_check_mode(
    cluster, play, kind
):
    name = cluster.create(kind, f"look-{kind.lower()}")
    before = cluster.get(kind, name)["metadata"]["resourceVersion"]
    for options in ((), (), ("--check",)):
        done = play("collect_diagnostics", f"{kind}/{name}", *options)
        assert changed(done) == 0
        assert "SuccessfulCreate" in done.stdout
        assert "restartCount: 0" in done.stdout
        assert "STEP" not in done.stdout
    assert cluster.get(kind, name)["metadata"]["resourceVersion"] == before
