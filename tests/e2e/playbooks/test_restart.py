"""The restart on a real API server: check mode, for real, again, and what it must refuse."""

import json
import time

import pytest

from tests.e2e.playbooks.outcomes import THOROUGHLY, changed, refused, said

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.mark.parametrize("kind", THOROUGHLY)
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


def test_waiting_ends_by_the_clock_and_says_what_is_missing(cluster, play):
    name = cluster.create("Deployment", "late")
    cluster.kubectl("set", "image", f"deployment/{name}", "main=nowhere.invalid/none:1")
    late = play("restart_oims", f"Deployment/{name}", oims_wait_seconds=600, oims_end_by=int(time.time()) + 8)

    refused(late, "was not ready in time")
    assert "pods are wanted" in said(late)


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
