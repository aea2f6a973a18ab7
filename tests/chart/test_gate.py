"""The gate: the monitor's account may forward to its pods, and to no other."""

import re

import pytest

from tests.chart.rendering import VALUES_FILES, containers, documents, named, of_kind, pods


def forwarding(objects):
    """Return the rules about port-forwards of the Roles."""
    rules = [rule for role in of_kind(objects, "Role", "ClusterRole") for rule in role["rules"]]
    return [rule for rule in rules if {"pods/portforward", "pods/*", "*"} & set(rule["resources"])]


@pytest.mark.parametrize("replicas", [1, 2, 3])
@pytest.mark.threat("T39")
def test_the_monitor_may_forward_to_exactly_its_pods(replicas):
    objects = documents("default", sets=(f"automation.monitor.gate.replicas={replicas}",))
    gate = named(objects, "StatefulSet", "oims-gate")["spec"]
    assert gate["replicas"] == replicas
    assert "serviceName" not in gate, "nobody calls its pods by name"
    (rule,) = forwarding(objects)
    assert rule["resourceNames"] == [f"oims-gate-{number}" for number in range(replicas)]
    assert set(rule["verbs"]) == {"create", "get"}


@pytest.mark.parametrize(
    "sets", [("automation.monitor.gate.replicas=0",), ("automation.monitor.enabled=false",)]
)
@pytest.mark.threat("T39")
def test_without_it_nobody_may_forward_at_all(sets):
    objects = documents("default", sets=sets)
    assert forwarding(objects) == []
    assert not [item for item in objects if item["metadata"]["name"] == "oims-gate"]


@pytest.mark.parametrize("values", VALUES_FILES)
@pytest.mark.threat("T39")
def test_no_role_forwards_without_names(values):
    assert all(rule.get("resourceNames") for rule in forwarding(documents(values)))


@pytest.mark.parametrize("values", ["default", "tls"])
def test_it_leads_to_the_services_of_webhook_and_app_and_holds_no_secret(values):
    objects = documents(values, sets=("app.service.port=8080",))
    pod = pods(objects)["StatefulSet/oims-gate"]
    (container,) = containers(pod)
    routes = [word for word in container["command"] if re.match(r"\d+=", word)]
    assert routes == ["5001=oims-webhook:5001", "5000=oims-app:8080"]
    for route in routes:
        _, service, port = re.split("[=:]", route)
        assert int(port) in {item["port"] for item in named(objects, "Service", service)["spec"]["ports"]}
    assert [list(volume) for volume in pod["spec"]["volumes"]] == [["name", "emptyDir"]]
    assert "env" not in container
    assert "ports" not in container, "it listens on its own loopback"
