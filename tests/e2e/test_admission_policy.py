"""The admission policy on a real API server: what remedies change passes, everything else is refused."""

import json
import subprocess
import uuid

import pytest
import yaml

from tests.chart.rendering import CHART, run_helm
from tests.e2e.patience import patient
from tests.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
IMAGE = "oims-app:none"
WORKLOAD = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "shop", "annotations": {"owner": "shop-team"}},
    "spec": {
        "replicas": 0,
        "selector": {"matchLabels": {"run": "shop"}},
        "template": {
            "metadata": {"labels": {"run": "shop"}, "annotations": {"scrape": "no"}},
            "spec": {"containers": [{"name": "shop", "image": IMAGE}]},
        },
    },
}
RUN = {"oims.dev/rolled-back-by-run": "0123456789abcdef"}
EARLIER = {"containers": [{"name": "shop", "image": "oims-app:before"}]}


def template(**spec):
    return {"spec": {"template": {"spec": spec}}}


def rollback(spec):
    return {"metadata": {"annotations": RUN}, **template(**spec)}


ALLOWED = {
    "a restart": {
        "metadata": {"annotations": {"oims.dev/restarted-by-run": "abc"}},
        "spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}},
    },
    "a note": {"metadata": {"annotations": {"oims.dev/scale-goal": "3"}}},
    "replicas": {"spec": {"replicas": 1}},
    "an earlier template": rollback(EARLIER),
}
REFUSED = {
    "an image without a rollback": template(containers=[{"name": "shop", "image": "mine:1"}]),
    "a variable": template(containers=[{"name": "shop", "env": [{"name": "A", "value": "b"}]}]),
    "a second container": template(containers=[{"name": "miner", "image": "mine:1"}]),
    "a ServiceAccount": template(serviceAccountName="admin"),
    "a label of the pods": {"spec": {"template": {"metadata": {"labels": {"app": "other"}}}}},
    "an annotation of the pods": {"spec": {"template": {"metadata": {"annotations": {"scrape": "yes"}}}}},
    "an annotation less in the pods": {"spec": {"template": {"metadata": {"annotations": {"scrape": None}}}}},
    "an annotation of others": {"metadata": {"annotations": {"owner": "me"}}},
    "an annotation less": {"metadata": {"annotations": {"owner": None}}},
    "a label": {"metadata": {"labels": {"team": "me"}}},
    "a finalizer": {"metadata": {"finalizers": ["example.org/never"]}},
    "a pause": {"spec": {"paused": True}},
    "another strategy": {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}},
    "the deadline": {"spec": {"progressDeadlineSeconds": 5}},
    "a rollback with a ServiceAccount": rollback(EARLIER | {"serviceAccountName": "admin"}),
    "a rollback into the host's network": rollback(EARLIER | {"hostNetwork": True}),
    "a rollback with a folder of the host": rollback(
        EARLIER | {"volumes": [{"name": "host", "hostPath": {"path": "/"}}]}
    ),
    "a rollback with all rights": rollback(
        {"containers": [{"name": "shop", "image": IMAGE, "securityContext": {"privileged": True}}]}
    ),
}


def kubectl(*arguments, given=None, user=None):
    command = ["kubectl", *([f"--as={user}"] if user else []), *arguments]
    return subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=patient(60), check=False
    )


def must(done):
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def namespace():
    """Make a namespace with a workload, the chart's Roles and its policy."""
    name = f"oims-e2e-policy-{uuid.uuid4().hex[:6]}"
    switches = (
        "automation.inCluster.enabled=true",
        "automation.admissionPolicy.enabled=true",
        f"automation.targets.namespaces.{name}={{shop}}",
    )
    options = [part for switch in switches for part in ("--set", switch)]
    done = run_helm("template", "oims", str(CHART), f"--namespace={name}", *options)
    kinds = {"ServiceAccount", "Role", "RoleBinding"}
    objects = [item for item in yaml.safe_load_all(must(done)) if item]
    policy = [item for item in objects if item["kind"].startswith("ValidatingAdmissionPolicy")]
    must(kubectl("create", "namespace", name))
    try:
        wanted = [item for item in objects if item["kind"] in kinds] + policy
        must(kubectl("apply", f"--namespace={name}", "-f", "-", given=yaml.safe_dump_all(wanted)))
        must(kubectl("apply", f"--namespace={name}", "-f", "-", given=json.dumps(WORKLOAD)))
        until(lambda: patch(name, REFUSED["a pause"]).returncode != 0, patient(60))
        yield name
    finally:
        kubectl("delete", "-f", "-", given=yaml.safe_dump_all(policy))
        kubectl("delete", "namespace", name, "--wait=false")


def patch(namespace, change, account="automation", *more):
    """Ask for a change as one of the accounts; the API judges it and keeps nothing."""
    return kubectl(
        "patch", "deployment", "shop", f"--namespace={namespace}", "--dry-run=server", "--type=strategic",
        f"--patch={json.dumps(change)}", *more, user=f"system:serviceaccount:{namespace}:oims-{account}",
    )  # fmt: skip


@pytest.mark.parametrize("account", ["automation", "monitor"])
@pytest.mark.parametrize("change", ALLOWED.values(), ids=ALLOWED.keys())
def test_what_remedies_change_passes(namespace, change, account):
    must(patch(namespace, change, account))


@pytest.mark.threat("T10")
@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED.keys())
def test_everything_else_is_refused_with_a_reason(namespace, change):
    done = patch(namespace, change)
    assert done.returncode != 0, done.stdout
    assert "denied request: The automation may" in done.stderr


def test_scaling_by_its_own_door_passes(namespace):
    must(patch(namespace, {"spec": {"replicas": 1}}, "automation", "--subresource=scale"))


def test_others_are_not_kept_from_anything(namespace):
    must(
        kubectl(
            "patch", "deployment", "shop", f"--namespace={namespace}", "--dry-run=server", "--type=strategic",
            f"--patch={json.dumps(REFUSED['a pause'])}",
        )
    )  # fmt: skip
