"""When a workload counts as rolled out; tests/e2e/playbooks/test_verdict.py asks a real API server."""

import pytest

from automation.rollout import unfinished

DONE = {
    "metadata": {"generation": 3},
    "spec": {"replicas": 2},
    "status": {"observedGeneration": 3, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2},
}
DAEMONS = {
    "metadata": {"generation": 1},
    "spec": {},
    "status": {
        "observedGeneration": 1,
        "desiredNumberScheduled": 1,
        "currentNumberScheduled": 1,
        "updatedNumberScheduled": 1,
        "numberAvailable": 1,
    },
}


def but(workload, **status):
    return workload | {"status": workload["status"] | status}


@pytest.mark.parametrize(
    ("kind", "workload", "problem"),
    [
        ("Deployment", DONE, None),
        ("StatefulSet", DONE, None),
        ("DaemonSet", DAEMONS, None),
        ("Deployment", DONE | {"spec": {"replicas": 0}}, "it is scaled to 0"),
        ("DaemonSet", but(DAEMONS, desiredNumberScheduled=0), "no node is to run it"),
        ("Deployment", but(DONE, observedGeneration=2), "its controller has not seen the newest change yet"),
        ("Deployment", DONE | {"status": {}}, "its controller has not seen the newest change yet"),
        (
            "Deployment",
            but(DONE, availableReplicas=1),
            "2 pods are wanted, 2 there, 2 of them new, 1 available",
        ),
        (
            "Deployment",
            but(DONE, updatedReplicas=1),
            "2 pods are wanted, 2 there, 1 of them new, 2 available",
        ),
        ("Deployment", but(DONE, replicas=3), "2 pods are wanted, 3 there, 2 of them new, 2 available"),
        (
            "DaemonSet",
            but(DAEMONS, numberAvailable=0),
            "1 pods are wanted, 1 there, 1 of them new, 0 available",
        ),
    ],
)
def test_every_pod_is_new_and_available_and_no_old_one_is_left(kind, workload, problem):
    assert unfinished(kind, workload) == problem
