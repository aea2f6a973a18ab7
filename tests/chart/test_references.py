"""Whatever an object names is in the same render, or was named by the values as existing."""

import pytest
import yaml

from tests.chart.rendering import CHART, VALUES_FILES, containers, documents, of_kind, pods


def named_by_the_user(values):
    found = set()

    def walk(item):
        if isinstance(item, dict):
            for key, value in item.items():
                if key in {"existingSecret", "existingClaim", "existingConfigMap"}:
                    found.add(value)
                if key == "serviceAccount" and value.get("create") is False:
                    found.add(value["name"])
                walk(value)
        elif isinstance(item, list):
            for value in item:
                walk(value)

    walk(yaml.safe_load((CHART / "ci" / f"{values}-values.yaml").read_text()))
    return found


def keys_of(objects, kind):
    return {item["metadata"]["name"]: set(item.get("data", {})) for item in of_kind(objects, kind)}


def references(pod):
    """Yield kind, name and the keys that a pod wants of it."""
    yield "ServiceAccount", pod["spec"].get("serviceAccountName", "default"), set()
    for volume in pod["spec"].get("volumes", []):
        if "secret" in volume:
            yield (
                "Secret",
                volume["secret"]["secretName"],
                {item["key"] for item in volume["secret"].get("items", [])},
            )
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"], set()
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"], set()
    for container in containers(pod):
        for item in container.get("env", []):
            source = item.get("valueFrom", {}).get("secretKeyRef")
            if source:
                yield "Secret", source["name"], {source["key"]}


@pytest.mark.parametrize("values", VALUES_FILES)
def test_what_a_pod_names_exists(values):
    objects, existing = documents(values), named_by_the_user(values)
    for name, pod in pods(objects).items():
        for kind, wanted, keys in references(pod):
            if wanted in existing or (kind, wanted) == ("ServiceAccount", "default"):
                continue
            there = keys_of(objects, kind)
            assert wanted in there, f"{name} wants {kind} {wanted}"
            assert keys <= there[wanted], f"{name} wants {keys} of {kind} {wanted}"


@pytest.mark.parametrize("values", VALUES_FILES)
def test_what_is_made_is_used(values):
    objects = documents(values)
    used = {(kind, name) for pod in pods(objects).values() for kind, name, _ in references(pod)}
    for kind in ("Secret", "ConfigMap", "PersistentVolumeClaim"):
        for item in of_kind(objects, kind):
            name = item["metadata"]["name"]
            if name not in {"as-a-map", "incident-mgmt-as-a-string", "oims-dashboard"}:
                assert (kind, name) in used, f"nothing uses {kind} {name}"


@pytest.mark.parametrize("values", VALUES_FILES)
def test_selectors_meet_pods_and_their_ports(values):
    objects = documents(values)
    every = [pod for pod in pods(objects).values() if pod.get("kind") != "Pod"]
    for item in of_kind(objects, "Service", "PodDisruptionBudget", "NetworkPolicy"):
        spec = item["spec"]
        selector = spec.get("podSelector", spec.get("selector"))
        selector = selector.get("matchLabels", selector)
        met = [pod for pod in every if selector.items() <= pod["metadata"]["labels"].items()]
        assert len(met) == 1, item["metadata"]["name"]
        names = {port["name"] for container in containers(met[0]) for port in container.get("ports", [])}
        if item["kind"] == "Service":
            assert {port["targetPort"] for port in spec["ports"]} <= names


@pytest.mark.parametrize("values", VALUES_FILES)
def test_workloads_routes_and_bindings_point_at_what_exists(values):
    objects = documents(values)
    existing = {(item["kind"], item["metadata"]["name"]) for item in objects}
    for item in objects:
        spec = item.get("spec", {})
        if item["kind"] == "StatefulSet" and "serviceName" in spec:
            assert ("Service", spec["serviceName"]) in existing
        if item["kind"] == "HorizontalPodAutoscaler":
            assert (spec["scaleTargetRef"]["kind"], spec["scaleTargetRef"]["name"]) in existing
        if item["kind"] == "Ingress":
            for rule in spec["rules"]:
                assert ("Service", rule["http"]["paths"][0]["backend"]["service"]["name"]) in existing
        if item["kind"] == "HTTPRoute":
            assert ("Service", spec["rules"][0]["backendRefs"][0]["name"]) in existing
        if item["kind"] == "RoleBinding":
            assert ("Role", item["roleRef"]["name"]) in existing
            assert {("ServiceAccount", subject["name"]) for subject in item["subjects"]} <= existing


@pytest.mark.parametrize("values", VALUES_FILES)
def test_every_workload_is_behind_a_network_policy(values):
    objects = documents(values)
    policies = of_kind(objects, "NetworkPolicy")
    if values == "node-port":
        assert policies == []
        return
    for name, pod in pods(objects).items():
        if pod.get("kind") == "Pod":
            continue
        behind = [
            policy for policy in policies
            if policy["spec"]["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        ]  # fmt: skip
        assert [policy["spec"]["policyTypes"] for policy in behind] == [["Ingress", "Egress"]], name
