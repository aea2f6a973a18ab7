"""A repair counts as verified only when the cluster says that its target is rolled out."""

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.e2e.patience import patient_text

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture
def watched(cluster, follower, playbooks):
    """A follower that asks the cluster; its remedy repairs nothing, its target has a broken template."""
    name = cluster.create("Deployment", "judged")
    target = {"kind": "Deployment", "namespace": cluster.namespace, "name": name}
    verify = {"within": "3s", "hold": "1s"}
    remedies = [{"alert": "Broken", "playbook": "repair.yml", "target": target, "verify": verify}]
    (playbooks / "policy.yml").write_text(json.dumps({"remedies": remedies}))
    inventories = playbooks / "inventories"
    shutil.copytree(inventories / "local", inventories / "kubernetes")
    cluster.kubectl("set", "image", f"deployment/{name}", "main=nowhere.invalid/none:1")
    kubeconfig = os.environ.get("KUBECONFIG", str(Path.home() / ".kube/config"))
    follower(OIMS_INVENTORY="kubernetes", KUBECONFIG=kubeconfig)
    return name


def verdicts(app):
    return [run["verification"] for run in app.runs.values()]


def test_an_alert_that_ends_waits_for_its_target_before_it_is_called_verified(
    cluster, watched, journal, app, eventually
):
    journal.add("Broken")
    eventually(lambda: [run["state"] for run in app.runs.values()] == ["succeeded"])
    journal.add("Broken", "resolved")
    journal.add("Nudge")
    eventually(lambda: len(app.decisions) == 2)
    assert verdicts(app) == ["pending"]
    cluster.kubectl("set", "image", f"deployment/{watched}", f"main={cluster.image}")
    cluster.kubectl("rollout", "status", f"deployment/{watched}", f"--timeout={patient_text(90)}")
    eventually(lambda: verdicts(app) == ["verified"])
    assert next(iter(app.runs.values()))["evidence"]["target"] == "rolled out"


def test_an_alert_that_ends_because_its_target_has_no_pods_proves_nothing(
    cluster, watched, journal, app, eventually
):
    cluster.kubectl("scale", f"deployment/{watched}", "--replicas=0")
    journal.add("Broken")
    eventually(lambda: [run["state"] for run in app.runs.values()] == ["succeeded"])
    journal.add("Broken", "resolved")
    eventually(lambda: verdicts(app) == ["inconclusive"], 90)
    (run,) = app.runs.values()
    assert run["verdict_detail"].endswith("is not rolled out: it is scaled to 0.")
    eventually(lambda: app.decisions[-1]["escalate"])
