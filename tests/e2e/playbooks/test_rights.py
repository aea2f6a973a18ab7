"""The chart's Role is what the remedies need, and `check` says what is missing."""

import json
import shutil
import subprocess

import pytest

from tests.e2e.cluster import CHART, ROOT, helm_program
from tests.e2e.playbooks.test_kubernetes import changed, said

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
NAME = "allowed"
ACCOUNT = "oims-monitor"
SHIPPED = [
    ROOT / "playbooks" / f"{name}.yml"
    for name in ("scale_oims", "restart_oims", "rollback_oims", "collect_diagnostics")
]


@pytest.fixture(scope="module")
def kubeconfig(cluster, tmp_path_factory):
    """The kubeconfig of the account that the chart makes for a monitor that may repair one Deployment."""
    values = {"targets": {"app": False, "namespaces": {cluster.namespace: [NAME]}}}
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
        timeout=60,
    ).stdout
    cluster.kubectl("apply", "-f", "-", stdin=made)
    document = json.loads(cluster.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
    document["users"][0]["user"] = {"token": cluster.kubectl("create", "token", ACCOUNT).strip()}
    path = tmp_path_factory.mktemp("rights") / "kubeconfig"
    path.write_text(json.dumps(document))
    return path


def policy(cluster, playbook, name=NAME, **more):
    target = {"kind": "Deployment", "namespace": cluster.namespace, "name": name}
    return {"alert": f"{playbook}/{name}", "playbook": f"{playbook}.yml", "target": target} | more


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


def test_the_role_of_the_chart_is_enough_for_every_remedy_and_its_diagnostics(cluster, play, kubeconfig):
    target = f"Deployment/{cluster.create('Deployment', NAME)}"
    for playbook, variables in (
        ("restart_oims", {}),
        ("scale_oims", {"oims_max_replicas": 2}),
        ("collect_diagnostics", {}),
    ):
        done = play(playbook, target, kubeconfig=kubeconfig, **variables)
        assert done.returncode == 0, said(done)
    assert "forbidden" not in said(done).lower()
    assert "SuccessfulCreate" in done.stdout
    cluster.kubectl("set", "env", target, "STEP=two")
    cluster.kubectl("rollout", "status", target, "--timeout=90s")
    assert changed(play("rollback_oims", target, kubeconfig=kubeconfig)) == 1
    assert cluster.env("Deployment", NAME) == "one"


def test_check_finds_nothing_missing_in_the_role_of_the_chart(cluster, permissions):
    names = ("restart_oims", "scale_oims", "rollback_oims")
    remedies = [policy(cluster, name, diagnostics=True) for name in names]
    assert permissions(*remedies) == [("ok", "all that the policy's playbooks need")]


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
