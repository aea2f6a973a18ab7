"""From a pod, a claim or an autoscaler that an alert names to the workload behind it, on a real cluster."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.e2e.patience import patient, patient_text

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
REMEDIES = "oims.io/remedies"


@pytest.fixture
def owned(cluster, follower, playbooks, automation):
    """Start a follower with a remedy for the owner of what an alert names; returns what starts it."""
    kubeconfig = os.environ.get("KUBECONFIG", str(Path.home() / ".kube/config"))
    surroundings = {"OIMS_INVENTORY": "kubernetes", "KUBECONFIG": kubeconfig}
    inventories = playbooks / "inventories"
    shutil.copytree(inventories / "local", inventories / "kubernetes")
    shutil.copyfile(playbooks / "repair.yml", playbooks / "rollback_oims.yml")

    def start(*labels, **more):
        target = {"namespaces": [cluster.namespace]}
        remedies = [
            {"alert": f"Broken-{label}", "playbook": "repair.yml", "target": target | {"owner_of": label}}
            | more
            for label in labels
        ]
        (playbooks / "policy.yml").write_text(json.dumps({"remedies": remedies}))
        return follower(**surroundings)

    start.surroundings = surroundings
    return start


def allow(cluster, kind, name, words="repair"):
    cluster.kubectl("annotate", "--overwrite", kind, name, f"{REMEDIES}={words}")


def pod_of(cluster, name):
    return json.loads(cluster.kubectl("get", "pods", "-l", f"app={name}", "-o", "json"))["items"][0][
        "metadata"
    ]["name"]


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_a_pod_leads_to_the_workload_that_made_it(cluster, owned, journal, app, eventually, kind):
    name = cluster.create(kind, f"owner-{kind.lower()}")
    allow(cluster, kind, name)
    owned("pod")

    journal.add("Broken-pod", labels={"namespace": cluster.namespace, "pod": pod_of(cluster, name)})

    eventually(lambda: [run["target"] for run in app.runs.values()], patient(60))
    (run,) = app.runs.values()
    assert run["target"] == {"kind": kind, "namespace": cluster.namespace, "name": name}


def test_a_claim_and_an_autoscaler_lead_to_their_workload(cluster, owned, journal, app, eventually):
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "owner-data"}}
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "owner-data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(claim))
    name = cluster.create("Deployment", "owner-claim")
    allow(cluster, "Deployment", name)
    template = {"spec": {"template": {"spec": {"volumes": [volume]}}}}
    cluster.kubectl("patch", "deployment", name, "-p", json.dumps(template))
    cluster.kubectl("rollout", "status", f"deployment/{name}", f"--timeout={patient_text(90)}")
    cluster.kubectl(
        "autoscale", "deployment", name, "--min=1", "--max=2", "--cpu-percent=80", "--name=owner-scaler"
    )
    owned("persistentvolumeclaim", "horizontalpodautoscaler", cooldown="0s")

    for label, named in (
        ("persistentvolumeclaim", "owner-data"),
        ("horizontalpodautoscaler", "owner-scaler"),
    ):
        journal.add(f"Broken-{label}", labels={"namespace": cluster.namespace, label: named})
        eventually(
            lambda label=label: [one for one in app.runs.values() if one["alertname"].endswith(label)], 60
        )

    assert {run["target"]["name"] for run in app.runs.values()} == {name}


def test_what_leads_nowhere_is_declined_with_the_way_in_words(cluster, owned, journal, app, eventually):
    cluster.kubectl("run", "alone", f"--image={cluster.image}", "--command", "--", "sleep", "infinity")
    owned("pod")
    journal.add("Broken-pod", fingerprint="gone", labels={"namespace": cluster.namespace, "pod": "gone"})
    journal.add("Broken-pod", fingerprint="alone", labels={"namespace": cluster.namespace, "pod": "alone"})

    eventually(lambda: len(app.decisions) == 2, patient(60))

    assert {decision["reason"] for decision in app.decisions} == {"invalid_target"}
    details = " ".join(decision["detail"] for decision in app.decisions)
    assert f"Pod {cluster.namespace}/gone does not exist" in details
    assert f"Pod {cluster.namespace}/alone has no owner" in details


def test_none_by_the_owner_of_a_workload_wins_and_argo_cd_keeps_its_own(
    cluster, owned, journal, app, eventually
):
    for name, words in (("owner-none", "none"), ("owner-silent", None), ("owner-gitops", "rollback")):
        cluster.create("Deployment", name)
        if words:
            allow(cluster, "Deployment", name, words)
    cluster.kubectl("annotate", "deployment", "owner-gitops", "argocd.argoproj.io/tracking-id=shop:apps/x")
    owned("pod", playbook="rollback_oims.yml")
    for name in ("owner-none", "owner-silent", "owner-gitops"):
        labels = {"namespace": cluster.namespace, "pod": pod_of(cluster, name)}
        journal.add("Broken-pod", fingerprint=name, labels=labels)

    eventually(lambda: len(app.decisions) == 3, patient(60))

    reasons = {decision["target"]["name"]: decision["reason"] for decision in app.decisions}
    assert reasons == {
        "owner-none": "invalid_target",
        "owner-silent": "invalid_target",
        "owner-gitops": "managed_elsewhere",
    }
    assert not app.runs


def test_explain_shows_the_way_to_the_owner(cluster, owned, automation, tmp_path):
    name = cluster.create("Deployment", "owner-explained")
    allow(cluster, "Deployment", name)
    follower = owned("pod", mode="shadow")
    follower.kill()
    pod = pod_of(cluster, name)
    alert = {"labels": {"alertname": "Broken-pod", "namespace": cluster.namespace, "pod": pod}}
    (tmp_path / "alert.json").write_text(json.dumps(alert))

    said = automation("explain", str(tmp_path / "alert.json"), **owned.surroundings)

    assert f"Pod {cluster.namespace}/{pod} → ReplicaSet" in said.stdout
    assert f"→ Deployment {name}" in said.stdout
    assert "In shadow mode: would have run" in said.stdout
