"""The scaling on a real API server: check mode, for real, again, and what it must refuse."""

import pytest

from tests.e2e.playbooks.outcomes import THOROUGHLY, changed, refused, said

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.mark.parametrize("kind", THOROUGHLY[:2])
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
