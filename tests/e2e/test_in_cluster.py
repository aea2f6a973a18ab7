"""The same loop with the automation in the cluster instead of on this host."""

import pytest

from tests.e2e import values
from tests.e2e.cluster import eventually
from tests.e2e.release import mails
from tests.e2e.visitors import Visitors

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
ALERT = "IncidentAppErrors"


@pytest.fixture(scope="module")
def loop(release):
    in_cluster = {"enabled": True, "policy": values.policy(release.namespace.name)}
    automation = {"automation": {"monitor": {"enabled": False}, "inCluster": in_cluster}}
    return release.deploy(values.merge(values.base(), automation))


@pytest.mark.parametrize(
    ("allowed", "what"),
    [
        (True, "patch deployments.apps/oims-app"),
        (True, "patch deployments.apps/oims-app --subresource=scale"),
        (False, "patch deployments.apps/oims-webhook"),
        (False, "get secrets"),
        (False, "create pods --subresource=exec"),
        (False, "delete pods"),
    ],
)
def test_it_may_repair_the_app_and_nothing_else(loop, allowed, what):
    assert loop.namespace.may("oims-automation", *what.split()) is allowed


def test_it_repairs_the_app_and_closes_the_incident(loop):
    def heartbeat():
        metrics = loop.forward("app").request("GET", "/metrics").text
        return "oims_automation_heartbeat_timestamp_seconds" in metrics

    eventually(heartbeat, "the automation's heartbeat", seconds=90)
    pods = set(loop.pods("app"))
    with Visitors(loop):
        loop.switch_fault("errors", on=True)
        eventually(
            lambda: not set(loop.ready_pods("app")) & pods and loop.ready_pods("app"),
            "a new pod",
            seconds=180,
        )

        def verified():
            incident = loop.incident(ALERT)
            return incident and (incident["state"], incident["verdict"]) == ("resolved", "verified")

        eventually(verified, "the verdict", seconds=120)
    runs = [entry for entry in loop.timeline(loop.incident(ALERT)["id"]) if entry["kind"] == "run"]
    assert {entry["actor"]["kind"] for entry in runs} == {"automation"}
    subjects = [mail["subject"] for mail in mails(loop.namespace)]
    assert any("Resolved:" in subject for subject in subjects)
