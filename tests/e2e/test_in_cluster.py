"""The same loop with the automation in the cluster, and a monitor on this host that stands by."""

import re

import pytest

from tests.e2e import values
from tests.e2e.cluster import eventually
from tests.e2e.release import mails
from tests.e2e.visitors import Visitors

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
ALERT = "IncidentAppErrors"


OWN = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.debug: {var: oims_target_name}
"""


@pytest.fixture(scope="module")
def loop(release):
    policy = values.policy(release.namespace.name)
    policy["remedies"].append(policy["remedies"][0] | {"alert": "Own", "playbook": "own.yml"})
    in_cluster = {"enabled": True, "replicas": 2, "policy": policy, "playbooks": {"own.yml": OWN}}
    return release.deploy(values.merge(values.base(), {"automation": {"inCluster": in_cluster}}))


def holder(release):
    """Return who may act: the identity in the Lease."""
    return release.namespace.get("lease", "oims-automation")["spec"].get("holderIdentity", "")


def runs(release):
    """Return all runs of the remedy."""
    found = release.api("/api/v1/runs?limit=100")["items"]
    return [run for run in found if run["playbook"] == "restart_oims.yml"]


def provoke(release):
    """Let the app fail until one more repair is verified; return its runs."""
    pods, before = set(release.pods("app")), {run["id"] for run in runs(release)}
    with Visitors(release):
        release.switch_fault("errors", on=True)

        def new_pod():
            ready = set(release.ready_pods("app"))
            return ready and not ready & pods

        eventually(new_pod, "a new pod", seconds=240)

        def judged():
            new = [run for run in runs(release) if run["id"] not in before]
            return new if any(run["verification"] == "verified" for run in new) else None

        found = eventually(judged, "the verdict", seconds=180)
        eventually(lambda: release.incident(ALERT)["state"] == "resolved", "the end of the incident")
    return found


@pytest.mark.parametrize(
    ("allowed", "what"),
    [
        (True, "patch deployments.apps/oims-app"),
        (True, "patch deployments.apps/oims-app --subresource=scale"),
        (True, "update leases.coordination.k8s.io/oims-automation"),
        (False, "update leases.coordination.k8s.io/another"),
        (False, "delete leases.coordination.k8s.io/oims-automation"),
        (False, "patch deployments.apps/oims-webhook"),
        (False, "get secrets"),
        (False, "create pods --subresource=exec"),
        (False, "delete pods"),
    ],
)
def test_it_may_repair_the_app_and_nothing_else(loop, allowed, what):
    assert loop.namespace.may("oims-automation", *what.split()) is allowed


def test_its_own_check_finds_every_right_and_nothing_to_mend(loop):
    said = loop.namespace.kubectl("exec", "oims-automation-0", "--", "python", "-m", "automation", "check")
    assert "FAILED" not in said
    assert re.search(r"playbook own.yml +ok", said), "a playbook of the values"


def test_its_log_has_nothing_but_its_own_lines(loop):
    lines = loop.namespace.kubectl("logs", "oims-automation-0").splitlines()
    assert lines
    assert [line for line in lines if not line.startswith("{")] == []


def test_one_of_three_repairs_the_app_and_closes_the_incident(loop, monitor):
    monitor.set_up().start(values.policy(loop.namespace.name))
    eventually(lambda: holder(loop).startswith("oims-automation-"), "a leader in the cluster", seconds=90)
    (run,) = provoke(loop)
    assert run["state"] == "succeeded"
    assert not monitor.said("run_started")
    entries = loop.timeline(loop.incident(ALERT)["id"])
    assert {entry["actor"]["kind"] for entry in entries if entry["kind"] == "run"} == {"automation"}
    subjects = [mail["subject"] for mail in mails(loop.namespace)]
    assert any("Resolved:" in subject for subject in subjects)


def test_the_host_takes_over_when_the_cluster_has_none_and_acts_once(loop, monitor):
    loop.namespace.kubectl("scale", "statefulset/oims-automation", "--replicas=0")
    eventually(lambda: holder(loop).startswith("e2e-host-"), "the host as the leader", seconds=120)
    (run,) = provoke(loop)
    assert run["state"] == "succeeded"
    assert len(monitor.finished("restart_oims.yml")) == 1
    assert monitor.stop() == 0
