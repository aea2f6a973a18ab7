"""The remedies for kube-prometheus, armed, on workloads that really are broken."""

import json
import os
from pathlib import Path

import pytest
import yaml

from tests.e2e.cluster import CHART, ROOT
from tests.e2e.patience import patient
from tests.e2e.playbooks.test_owner import allow, pod_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]
LIBRARY = CHART / "files/policies/kube-prometheus.yml"
READY = "oims.dev/ready-revisions"


@pytest.fixture
def armed(cluster, follower, tmp_path):
    """Start a follower with the library in one mode, for the namespace of the tests."""

    def start(mode):
        policy = yaml.safe_load(LIBRARY.read_text())
        policy["defaults"] |= {"mode": mode, "diagnostics": False, "verify": {"within": "5m", "hold": "1s"}}
        for remedy in policy["remedies"]:
            remedy["target"]["namespaces"] = [cluster.namespace]
        file = tmp_path / "library.yml"
        file.write_text(yaml.safe_dump(policy))
        kubeconfig = os.environ.get("KUBECONFIG", str(Path.home() / ".kube/config"))
        return follower(
            OIMS_INVENTORY="kubernetes",
            OIMS_PLAYBOOKS=str(ROOT / "playbooks"),
            OIMS_POLICY=str(file),
            KUBECONFIG=kubeconfig,
        )

    return start


def others(cluster, name):
    """Every workload of the namespace but one, with its generation: what must not have been touched."""
    found = json.loads(cluster.kubectl("get", "deployments,statefulsets,daemonsets", "-o", "json"))["items"]
    return {
        (one["kind"], one["metadata"]["name"]): one["metadata"]["generation"]
        for one in found
        if one["metadata"]["name"] != name
    }


def is_noted(cluster, name):
    return READY in cluster.get("Deployment", name)["metadata"]["annotations"]


@pytest.mark.parametrize(
    ("alert", "label", "broken"),
    [
        ("KubePodCrashLooping", "pod", {"command": ["false"]}),
        ("KubeContainerWaiting", "pod", {"image": "nowhere.invalid/none:1"}),
        ("KubeDeploymentRolloutStuck", "deployment", {"image": "nowhere.invalid/none:1"}),
    ],
)
def test_a_template_that_broke_its_pods_is_rolled_back(
    cluster, armed, journal, app, eventually, alert, label, broken
):
    name = cluster.create("Deployment", f"broken-{alert.lower()}")
    allow(cluster, "Deployment", name, "rollback")
    good = cluster.get("Deployment", name)["spec"]["template"]["spec"]
    armed("auto")
    eventually(lambda: is_noted(cluster, name), patient(120))
    untouched = others(cluster, name)
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "main"} | broken]}}}}
    cluster.kubectl("patch", "deployment", name, "-p", json.dumps(patch))
    pod = eventually(lambda: broken_pod(cluster, name), patient(90))

    named = name if label == "deployment" else pod
    journal.add(alert, labels={"namespace": cluster.namespace, label: named})
    eventually(lambda: [run["state"] for run in app.runs.values()] == ["succeeded"], patient(120))
    journal.add(alert, "resolved", labels={"namespace": cluster.namespace, label: named})
    eventually(lambda: [run["verification"] for run in app.runs.values()] == ["verified"], patient(90))

    assert cluster.get("Deployment", name)["spec"]["template"]["spec"] == good
    assert others(cluster, name) == untouched


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_pods_that_do_not_get_ready_are_replaced_once_for_all_alerts(
    cluster, armed, journal, app, eventually, kind
):
    name = cluster.create(kind, f"unready-{kind.lower()}", replicas=2)
    allow(cluster, kind, name, "all")
    before = cluster.pods(name)
    armed("auto")
    alerts = [("KubePodNotReady", "pod", pod_of(cluster, name))]
    alerts.append((f"Kube{kind}ReplicasMismatch", kind.lower(), name))
    for alert, label, named in alerts:
        journal.add(alert, labels={"namespace": cluster.namespace, label: named})

    eventually(lambda: [run["state"] for run in app.runs.values()] == ["succeeded"], patient(120))
    eventually(lambda: {"cooldown"} & {one["reason"] for one in app.decisions}, patient(30))

    assert not before & cluster.pods(name)
    assert len(app.runs) == 1


def test_as_shipped_it_only_says_what_it_would_have_done(cluster, armed, journal, app, eventually):
    name = cluster.create("Deployment", "shadowed")
    allow(cluster, "Deployment", name, "all")
    generation = cluster.get("Deployment", name)["metadata"]["generation"]
    armed("shadow")
    journal.add("KubePodCrashLooping", labels={"namespace": cluster.namespace, "pod": pod_of(cluster, name)})

    eventually(lambda: app.decisions, patient(60))

    (decision,) = app.decisions
    assert decision["reason"] == "shadow"
    assert decision["target"]["name"] == name
    assert decision["detail"].startswith("In shadow mode: would have run rollback_oims.yml")
    assert cluster.get("Deployment", name)["metadata"]["generation"] == generation


def broken_pod(cluster, name):
    """Return a pod of which a container waits for what will not come, or has ended again."""
    pods = json.loads(cluster.kubectl("get", "pods", "-l", f"app={name}", "-o", "json"))["items"]
    stuck = {"CrashLoopBackOff", "ErrImagePull", "ImagePullBackOff"}
    for pod in pods:
        for container in pod["status"].get("containerStatuses") or []:
            waits_for = (container["state"].get("waiting") or {}).get("reason")
            if waits_for in stuck or (container["restartCount"] and "terminated" in container["state"]):
                return pod["metadata"]["name"]
    return None
