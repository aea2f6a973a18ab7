"""The rollback on a real API server: check mode, for real, again, and what it must refuse."""

import json
import time

import pytest

from automation.policy.schemas import Policy
from automation.revisions import NOTE, STEADY_S, Revisions
from tests.e2e.patience import patient, patient_text
from tests.e2e.playbooks.outcomes import THOROUGHLY, changed, refused
from tests.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def looking(cluster, kind, name, **clock):
    target = {"kind": kind, "namespace": cluster.namespace, "name": name}
    policy = Policy.model_validate(
        {"remedies": [{"alert": "Broken", "playbook": "rollback_oims.yml", "target": target}]}
    )
    return Revisions(policy, **clock)


def noted(cluster, kind, name):
    """Have automation note the revision that runs, as it does all the time for what the policy rolls back."""
    revisions = looking(cluster, kind, name, steady=iter([0.0, STEADY_S]).__next__)
    assert revisions.note()
    assert revisions.note()


def restarts(cluster, name):
    pods = json.loads(cluster.kubectl("get", "pods", "-l", f"app={name}", "-o", "json"))["items"]
    return max(
        status["restartCount"]
        for pod in pods
        for status in pod["status"].get("containerStatuses") or [{"restartCount": 0}]
    )


def step(cluster, kind, name, value):
    cluster.kubectl("set", "env", f"{kind}/{name}", f"STEP={value}")
    cluster.kubectl("rollout", "status", f"{kind}/{name}", f"--timeout={patient_text(90)}")


@pytest.mark.parametrize("kind", THOROUGHLY)
def test_a_rollback_takes_the_last_ready_template_and_keeps_annotations(cluster, play, kind):
    name = cluster.create(kind, f"back-{kind.lower()}")
    target = f"{kind}/{name}"
    refused(play("rollback_oims", target), "no earlier revision")
    noted(cluster, kind, name)

    step(cluster, kind, name, "two")
    assert changed(play("restart_oims", target))  # a revision that changes nothing but a time
    assert changed(play("rollback_oims", target, "--check", oims_run_id="back")) == 1
    assert cluster.env(kind, name) == "two"

    assert changed(play("rollback_oims", target, oims_run_id="back")) == 1
    assert cluster.env(kind, name) == "one"
    assert cluster.get(kind, name)["metadata"]["annotations"]["meta.helm.sh/release-name"] == "kept"
    assert changed(play("rollback_oims", target, oims_run_id="back")) == 0

    noted(cluster, kind, name)
    refused(play("rollback_oims", target, oims_run_id="again"), "for a person to decide")
    assert cluster.env(kind, name) == "one"

    step(cluster, kind, name, "three")
    assert changed(play("rollback_oims", target, oims_run_id="later")) == 1
    assert cluster.env(kind, name) == "one"


def test_a_template_not_known_to_have_been_ready_is_left_to_a_person(cluster, play):
    name = cluster.create("Deployment", "unknown")
    step(cluster, "Deployment", name, "two")

    refused(play("rollback_oims", f"Deployment/{name}"), "known to have been fully available")
    refused(play("rollback_oims", f"Deployment/{name}", oims_revision=7), "has no revision 7")
    assert changed(play("rollback_oims", f"Deployment/{name}", oims_revision=1)) == 1
    assert cluster.env("Deployment", name) == "one"


def test_a_template_whose_pods_die_soon_after_their_start_is_not_noted_as_ready(cluster):
    name = cluster.create("Deployment", "short-lived")
    # A slow machine lets them live longer, so what counts as steady grows with its patience.
    revisions = looking(cluster, "Deployment", name, steady=lambda: time.monotonic() / patient(1))
    until(
        lambda: revisions.note() and NOTE in cluster.get("deployment", name)["metadata"]["annotations"],
        patient(60),
    )
    good = cluster.get("deployment", name)["metadata"]["annotations"][NOTE]

    probe = {
        "tcpSocket": {"port": 1},
        "initialDelaySeconds": 4,
        "periodSeconds": 1,
        "failureThreshold": 1,
    }
    dies = [{"op": "add", "path": "/spec/template/spec/containers/0/livenessProbe", "value": probe}]
    cluster.kubectl("patch", f"deployment/{name}", "--type=json", f"--patch={json.dumps(dies)}")
    until(lambda: revisions.note() and restarts(cluster, name) > 1, patient(120))

    assert cluster.get("deployment", name)["metadata"]["annotations"][NOTE] == good


def test_a_rollback_skips_a_template_that_never_got_ready(cluster, play):
    name = cluster.create("Deployment", "twice-broken")
    for image in ("nowhere.invalid/none:1", "nowhere.invalid/none:2"):
        cluster.kubectl("set", "image", f"deployment/{name}", f"main={image}")
        until(lambda wanted=image: wanted in cluster.kubectl("get", "rs", "-o", "wide"), patient(15))

    assert changed(play("rollback_oims", f"Deployment/{name}")) == 1
    (container,) = cluster.get("deployment", name)["spec"]["template"]["spec"]["containers"]
    assert container["image"] == cluster.image
    assert cluster.get("deployment", name)["status"]["availableReplicas"] == 1


def test_a_rollout_that_never_gets_ready_fails_and_a_rollback_mends_it(cluster, play):
    name = cluster.create("Deployment", "broken")
    cluster.kubectl("set", "image", f"deployment/{name}", "main=nowhere.invalid/none:1")
    stuck = play("restart_oims", f"Deployment/{name}", oims_wait_seconds=5)
    assert stuck.returncode != 0
    assert changed(play("rollback_oims", f"Deployment/{name}")) == 1
    assert cluster.get("deployment", name)["status"]["availableReplicas"] == 1
