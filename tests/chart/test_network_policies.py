"""Who may reach whom, judged from the rendered policies as a network would."""

import pytest

from tests.chart.rendering import containers, documents, named, of_kind, pods

PORTS = {
    "app": 5000,
    "webhook": 5001,
    "prometheus": 9090,
    "alertmanager": 9093,
    "postgres": 5432,
    "automation": 9464,
}
PARTS = [*PORTS, "gate"]
METRICS = {"app": 5010, "webhook": 5011, "automation": 9464}
ALLOWED = {
    ("alertmanager", "webhook"),
    ("app", "webhook"),
    ("app", "postgres"),
    ("app", "alertmanager"),
    ("app", "prometheus"),
    ("automation", "app"),
    ("automation", "webhook"),
    ("gate", "app"),
    ("gate", "webhook"),
    ("prometheus", "alertmanager"),
    ("prometheus", "automation"),
    ("webhook", "alertmanager"),
    ("webhook", "postgres"),
}


def component(pod):
    return pod["metadata"]["labels"]["app.kubernetes.io/component"]


@pytest.fixture(scope="module")
def network():
    objects = documents("everything")
    found = {component(pod): pod for pod in pods(objects).values() if pod.get("kind") != "Pod"}
    policies = {
        policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]: policy["spec"]
        for policy in of_kind(objects, "NetworkPolicy")
    }
    return found, policies


def lets_through(rules, direction, other, pod, port):
    """Say whether one of the rules names the other pod and the port of the pod that is reached."""
    names = {
        item.get("name"): item["containerPort"]
        for container in containers(pod)
        for item in container.get("ports", [])
    }
    for rule in rules:
        peers = rule.get(direction)
        named = peers is None or any(
            peer.get("podSelector", {}).get("matchLabels", {"": ""}).items()
            <= other["metadata"]["labels"].items()
            for peer in peers
        )
        ports = {names.get(item["port"], item["port"]) for item in rule.get("ports", [])}
        if named and (not ports or port in ports):
            return True
    return False


@pytest.mark.parametrize("target", PORTS)
@pytest.mark.parametrize("source", PARTS)
@pytest.mark.threat("T13")
def test_only_the_named_pairs_meet(network, source, target):
    found, policies = network
    if source == target:
        pytest.skip("a pod reaches itself without leaving")
    goes_out = lets_through(policies[source]["egress"], "to", found[target], found[target], PORTS[target])
    comes_in = lets_through(policies[target]["ingress"], "from", found[source], found[target], PORTS[target])
    assert (goes_out and comes_in) is ((source, target) in ALLOWED), (goes_out, comes_in)


@pytest.mark.parametrize(("target", "port"), METRICS.items())
@pytest.mark.parametrize("source", PARTS)
def test_only_prometheus_reaches_the_port_of_the_metrics(network, source, target, port):
    found, policies = network
    if source == target:
        pytest.skip("a pod reaches itself without leaving")
    goes_out = lets_through(policies[source]["egress"], "to", found[target], found[target], port)
    comes_in = lets_through(policies[target]["ingress"], "from", found[source], found[target], port)
    assert (goes_out, comes_in) == ((True, True) if source == "prometheus" else (goes_out, False))


@pytest.mark.threat("T39")
def test_nobody_reaches_the_gate_but_by_a_port_forward(network):
    _, policies = network
    assert policies["gate"]["ingress"] == []
    assert "Ingress" in policies["gate"]["policyTypes"]


def test_a_prometheus_of_ones_own_reaches_every_part():
    objects = documents(
        "everything", sets=("networkPolicy.allowFrom.monitoring[0].podSelector.matchLabels.own=yes",)
    )
    parts = {
        "app": "metrics",
        "webhook": "metrics",
        "automation": "metrics",
        "prometheus": "http",
        "alertmanager": "http",
    }
    for part, port in parts.items():
        rules = named(objects, "NetworkPolicy", f"oims-{part}")["spec"]["ingress"]
        opened = [
            item["port"]
            for rule in rules
            if {"podSelector": {"matchLabels": {"own": "yes"}}} in rule.get("from", [])
            for item in rule["ports"]
        ]
        assert opened == [port], part


@pytest.mark.parametrize("source", ["app", "webhook", "prometheus", "alertmanager", "automation", "gate"])
def test_every_part_that_calls_another_may_ask_for_its_address(network, source):
    _, policies = network
    assert {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]} in policies[source][
        "egress"
    ]


MONITORING = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]


@pytest.mark.parametrize(
    ("values", "sets", "source", "port", "to"),
    [
        ("ingress-tls", (), "app", 587, [{"ipBlock": {"cidr": "198.51.100.0/24"}}]),
        ("ingress-tls", (), "app", 8443, [{"ipBlock": {"cidr": "198.51.100.7/32"}}]),
        ("gitops", (), "app", 443, None),
        ("external-alertmanager", (), "app", 9093, MONITORING),
        ("external-alertmanager", (), "webhook", 9093, MONITORING),
        ("external-alertmanager", (), "prometheus", 9093, MONITORING),
        ("operator", (), "app", 9090, None),
        ("operator", (), "app", 443, None),
        ("operator", ("alertmanager.externalUrl=http://am.example.org/am",), "webhook", 80, None),
    ],
)
@pytest.mark.threat("T23")
def test_what_lies_outside_the_release_is_reached_on_its_port_only(values, sets, source, port, to):
    policy = named(documents(values, sets=sets), "NetworkPolicy", f"oims-{source}")
    rule = {"ports": [{"port": port, "protocol": "TCP"}]} | ({"to": to} if to else {})
    assert rule in policy["spec"]["egress"]


def test_the_app_is_open_to_all_only_when_it_is_published_without_a_named_way_in():
    def open_to_all(values):
        (policy,) = [
            item
            for item in of_kind(documents(values), "NetworkPolicy")
            if item["metadata"]["name"] == "oims-app"
        ]
        return any("from" not in rule for rule in policy["spec"]["ingress"])

    assert [open_to_all(values) for values in ("default", "ingress-tls", "httproute")] == [False, False, True]
