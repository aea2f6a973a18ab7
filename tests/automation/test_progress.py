"""When a target counts as coming up by itself, so that no run may disturb it."""

import pytest

from automation.progress import progress

NOW = 1_800_000_000.0
ROLLING = {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}
COMPLETE = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
TOO_LATE = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}


def deployment(condition, **status):
    return {
        "metadata": {"generation": 2},
        "spec": {"replicas": 2},
        "status": {"observedGeneration": 2, "conditions": [condition]} | status,
    }


def pod(*, created="2027-01-15T07:59:00Z", waiting=None, initialized=True):
    state = {"waiting": {"reason": waiting}} if waiting else {"running": {}}
    return {
        "metadata": {"creationTimestamp": created},
        "status": {
            "containerStatuses": [{"state": state}],
            "conditions": [{"type": "Initialized", "status": str(initialized)}],
        },
    }


STATEFUL = {
    "metadata": {"generation": 1},
    "spec": {"replicas": 2},
    "status": {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 1},
}
OLD = "2027-01-15T07:00:00Z"


@pytest.mark.parametrize(
    ("kind", "workload", "pods", "words"),
    [
        ("Deployment", deployment(COMPLETE), [pod()], None),
        ("Deployment", deployment(ROLLING), [pod()], "its rollout is in progress"),
        ("Deployment", deployment(ROLLING), [], "its rollout is in progress"),
        ("Deployment", deployment(TOO_LATE), [pod()], None),
        ("Deployment", deployment(ROLLING), [pod(waiting="ImagePullBackOff")], None),
        ("Deployment", deployment(ROLLING), [pod(), pod(waiting="CrashLoopBackOff")], None),
        ("Deployment", deployment(ROLLING), [pod(waiting="PodInitializing")], "its rollout is in progress"),
        ("Deployment", deployment(COMPLETE), [pod(initialized=False)], "a new pod is still initializing"),
        ("Deployment", deployment(COMPLETE), [pod(initialized=False, created=OLD)], None),
        (
            "Deployment",
            deployment(COMPLETE, observedGeneration=1),
            [],
            "its controller has not seen the newest change yet",
        ),
        ("Deployment", {"metadata": {"generation": 1}, "spec": {}, "status": None}, [], "its controller"),
        ("StatefulSet", STATEFUL, [pod()], "its rollout is in progress"),
        ("StatefulSet", STATEFUL, [pod(created=OLD)], None),
        ("DaemonSet", STATEFUL | {"status": {"observedGeneration": 1}}, [pod()], None),
    ],
)
def test_a_target_is_left_alone_while_it_gets_on_within_its_deadline(kind, workload, pods, words):
    found = progress(kind, workload, pods, NOW)

    assert found == words or (words and found and found.startswith(words))
