"""The chart's Role is what the remedies need, and `check` says what is missing."""

import json
import shutil
import subprocess

import pytest

from tests.e2e.cluster import CHART, ROOT, helm_program
from tests.e2e.patience import patient, patient_text
from tests.e2e.playbooks.outcomes import KINDS, changed, said

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
NAME = "allowed"
ACCOUNT = "oims-monitor"
SHIPPED = [
    ROOT / "playbooks" / f"{name}.yml"
    for name in ("scale_oims", "restart_oims", "rollback_oims", "collect_diagnostics")
]


@pytest.fixture(scope="module")
def kubeconfig(cluster, tmp_path_factory):
    """The kubeconfig of the account that the chart makes for a monitor; it may repair one workload a kind."""
    listed = [NAME, *(f"{kind}/{NAME}" for kind in KINDS[1:])]
    values = {"targets": {"app": False, "namespaces": {cluster.namespace: listed}}}
    made = subprocess.run(
        [
            helm_program(),
            "template",
            "oims",
            CHART,
            "--namespace",
            cluster.namespace,
            "--set-json",
            f"automation={json.dumps(values)}",
            "--show-only",
            "templates/automation/monitor.yaml",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=patient(60),
    ).stdout
    cluster.kubectl("apply", "-f", "-", stdin=made)
    document = json.loads(cluster.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
    document["users"][0]["user"] = {"token": cluster.kubectl("create", "token", ACCOUNT).strip()}
    path = tmp_path_factory.mktemp("rights") / "kubeconfig"
    path.write_text(json.dumps(document))
    return path


def policy(cluster, playbook, name=NAME, kind="Deployment", **more):
    target = {"kind": kind, "namespace": cluster.namespace, "name": name}
    return {"alert": f"{playbook}/{kind}/{name}", "playbook": f"{playbook}.yml", "target": target} | more


@pytest.fixture
def permissions(cluster, kubeconfig, automation, playbooks):
    """What `check` says about rights for a policy, as that account."""

    def ask(*remedies, **settings):
        for path in SHIPPED:
            shutil.copy(path, playbooks)
        (playbooks / "policy.yml").write_text(json.dumps({"remedies": remedies}))
        inventory = playbooks / "inventories"
        shutil.copytree(inventory / "local", inventory / "kubernetes", dirs_exist_ok=True)
        done = automation("check", KUBECONFIG=str(kubeconfig), OIMS_INVENTORY="kubernetes", **settings)
        rows = [line.split(maxsplit=2) for line in done.stdout.splitlines()]
        return [(row[1], row[2].partition(":")[0]) for row in rows if row[:1] == ["permissions"]]

    return ask


@pytest.mark.parametrize("kind", KINDS)
def test_the_role_of_the_chart_is_enough_for_every_remedy_and_its_diagnostics(
    cluster, play, kubeconfig, kind
):
    target = f"{kind}/{cluster.create(kind, NAME)}"
    cluster.kubectl("set", "env", target, "STEP=two")
    cluster.kubectl("rollout", "status", target, f"--timeout={patient_text(90)}")
    assert changed(play("rollback_oims", target, kubeconfig=kubeconfig, oims_revision=1)) == 1
    assert cluster.env(kind, NAME) == "one"
    assert changed(play("restart_oims", target, kubeconfig=kubeconfig)) == 1
    if kind != "DaemonSet":
        assert changed(play("scale_oims", target, kubeconfig=kubeconfig, oims_max_replicas=2))
    looked = play("collect_diagnostics", target, kubeconfig=kubeconfig)
    assert changed(looked) == 0
    assert "forbidden" not in said(looked).lower()
    assert "SuccessfulCreate" in looked.stdout
    cluster.kubectl("delete", target, "--wait=true")


def test_check_finds_nothing_missing_in_the_role_of_the_chart(cluster, permissions):
    names = {kind: ["restart_oims", "scale_oims", "rollback_oims"] for kind in KINDS}
    names["DaemonSet"].remove("scale_oims")
    remedies = [policy(cluster, name, kind=kind, diagnostics=True) for kind in KINDS for name in names[kind]]
    assert permissions(*remedies) == [("ok", "all that the policy's playbooks need")]


@pytest.mark.fault("F23")
def test_check_names_every_right_that_is_missing(cluster, permissions):
    remedies = policy(cluster, "scale_oims", "other"), policy(cluster, "rollback_oims")
    found = permissions(*remedies, OIMS_LEASE="acts", OIMS_LEASE_NAMESPACE="kube-system")
    assert found == [
        ("FAILED", f"we may not {what}")
        for what in (
            "create leases.coordination.k8s.io in kube-system",
            f"get deployments.apps other in {cluster.namespace}",
            "get leases.coordination.k8s.io acts in kube-system",
            f"patch deployments.apps other in {cluster.namespace}",
            f"patch deployments/scale.apps other in {cluster.namespace}",
            "update leases.coordination.k8s.io acts in kube-system",
        )
    ]
