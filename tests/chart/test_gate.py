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


@pytest.mark.threat("T39")
def test_who_renews_the_token_may_make_tokens_for_that_account_alone():
    renewer = {"kind": "User", "name": "oims-host", "apiGroup": "rbac.authorization.k8s.io"}
    sets = tuple(f"automation.monitor.renewers[0].{key}={value}" for key, value in renewer.items())
    objects = documents("default", sets=sets)
    rules = named(objects, "Role", "oims-monitor-renewal")["rules"]
    for rule in rules:
        assert rule.get("resourceNames") or rule == {
            "apiGroups": [""],
            "resources": ["serviceaccounts"],
            "verbs": ["list"],
        }
    (making,) = [rule for rule in rules if "serviceaccounts/token" in rule["resources"]]
    assert (making["resourceNames"], making["verbs"]) == (["oims-monitor"], ["create"])
    assert named(objects, "RoleBinding", "oims-monitor-renewal")["subjects"] == [renewer]


@pytest.mark.threat("T39")
def test_nobody_may_make_tokens_unless_the_values_name_them():
    rules = [rule for role in of_kind(documents("default"), "Role") for rule in role["rules"]]
    assert not [rule for rule in rules if "serviceaccounts/token" in rule["resources"]]
