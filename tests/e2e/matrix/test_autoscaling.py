"""An app that a HorizontalPodAutoscaler scales, by the metrics of a real metrics-server."""

import pytest

from tests.e2e import values
from tests.e2e.cluster import eventually, run
from tests.e2e.patience import Refused
from tests.e2e.visitors import Visitors

pytestmark = [pytest.mark.e2e, pytest.mark.matrix, pytest.mark.timeout(900)]
AUTOSCALING = {
    "enabled": True,
    "minReplicas": 1,
    "maxReplicas": 2,
    "targetCPU": 200,  # of a request of 50m: more than idle, less than under load
    "behavior": {"scaleDown": {"stabilizationWindowSeconds": 0}},
}


@pytest.fixture(scope="module")
def measured():
    """Skip where nothing measures pods."""
    try:
        run("kubectl", "get", "--raw", "/apis/metrics.k8s.io/v1beta1/nodes")
    except Refused:
        pytest.skip("this cluster has no metrics-server")


@pytest.fixture(scope="module")
def scaled(measured, release):
    autoscaled = {"app": {"autoscaling": AUTOSCALING}}
    return release.deploy(values.merge(values.base(), values.postgres(), autoscaled))


def replicas(release):
    return release.get("deployment", "app")["spec"]["replicas"]


def test_load_adds_a_pod_that_an_upgrade_keeps_and_calm_takes_it_away(scaled):
    eventually(lambda: is_active(scaled), "the first measurement", seconds=180, pause=2)
    with Visitors(scaled, count=20):
        eventually(lambda: len(scaled.ready_pods("app")) == 2, "a second pod", seconds=300, pause=2)
        pods = set(scaled.pods("app"))
        scaled.deploy(scaled.values)
        assert set(scaled.pods("app")) == pods
    eventually(lambda: replicas(scaled) == 1, "one pod again", seconds=300, pause=2)


def is_active(release):
    """Say whether the autoscaler has what it needs to decide."""
    conditions = release.get("horizontalpodautoscaler", "app")["status"].get("conditions", [])
    return any(item["type"] == "ScalingActive" and item["status"] == "True" for item in conditions)
