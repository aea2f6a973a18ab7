"""Prometheus and Alertmanager on the app's host, by a controller that asks the app about each request."""

import pytest
import yaml

from tests.chart.rendering import documents, named, of_kind, refusal

BEHIND = "ingress-tls"
ROLES = {"prometheus": "viewer", "alertmanager": "responder"}
PORTS = {"prometheus": 9090, "alertmanager": 9093}


def container(part, *values):
    (found,) = named(documents(*values), "StatefulSet", f"oims-{part}")["spec"]["template"]["spec"][
        "containers"
    ]
    return found


def test_there_is_no_way_in_unless_a_role_is_named():
    assert of_kind(documents("default"), "Ingress") == []
    names = {item["metadata"]["name"] for item in of_kind(documents("everything"), "Ingress")}
    assert names == {"oims-app"}


@pytest.mark.parametrize("part", ROLES)
def test_the_controller_asks_the_app_for_the_role(part):
    ingress = named(documents(BEHIND), "Ingress", f"oims-{part}")
    address = f"http://oims-app.incident-mgmt.svc.cluster.local:5000/session/{ROLES[part]}"
    enter = "https://incidents.example.org/session/enter?next=$escaped_request_uri"
    assert ingress["metadata"]["annotations"] == {
        "nginx.ingress.kubernetes.io/auth-url": address,
        "nginx.ingress.kubernetes.io/auth-signin": enter,
    }
    app = named(documents(BEHIND), "Ingress", "oims-app")["spec"]
    assert (ingress["spec"]["ingressClassName"], ingress["spec"]["tls"]) == (
        app["ingressClassName"],
        app["tls"],
    )
    (rule,) = ingress["spec"]["rules"]
    assert rule["host"] == "incidents.example.org"
    (path,) = rule["http"]["paths"]
    assert (path["path"], path["pathType"]) == (f"/{part}", "Prefix")
    assert path["backend"]["service"] == {"name": f"oims-{part}", "port": {"number": PORTS[part]}}


@pytest.mark.parametrize("part", ROLES)
def test_the_part_answers_below_that_path_and_all_who_call_it_know(part):
    found = container(part, BEHIND)
    assert f"--web.external-url=https://incidents.example.org/{part}" in found["args"]
    probes = [found[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")]
    assert probes == [f"/{part}/-/ready", f"/{part}/-/healthy", f"/{part}/-/ready"]
    config = yaml.safe_load(
        named(documents(BEHIND), "ConfigMap", "oims-prometheus")["data"]["prometheus.yml"]
    )
    (job,) = [job for job in config["scrape_configs"] if job["job_name"] == part]
    assert job["metrics_path"] == f"/{part}/metrics"
    assert config["alerting"]["alertmanagers"][0]["path_prefix"] == "/alertmanager"
    web = named(documents(BEHIND), "Deployment", "oims-app")["spec"]["template"]["spec"]["containers"][0]
    addresses = {item["name"]: item.get("value") for item in web["env"]}
    assert addresses[f"OIMS_{part.upper()}_URL"] == f"http://oims-{part}:{PORTS[part]}/{part}"


@pytest.mark.parametrize("part", ROLES)
def test_only_who_may_reach_the_app_may_reach_the_part_past_it(part):
    controller = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}
    policy = named(documents(BEHIND), "NetworkPolicy", f"oims-{part}")
    rules = policy["spec"]["ingress"]
    assert all(rule["from"] for rule in rules)
    assert controller in [peer for rule in rules for peer in rule["from"]]


def test_another_controller_is_told_by_templates():
    sets = (
        "monitoring.ingress.prometheus=admin",
        "monitoring.ingress.controller=other",
        "monitoring.ingress.annotations.ask=of {{ .check }}",
        "monitoring.ingress.annotations.lead=to {{ .enter }}%[path]",
        "monitoring.ingress.clusterDomain=k8s.example.org",
        "monitoring.ingress.alertmanager=",
    )
    objects = documents(BEHIND, sets=sets, namespace="ops")
    assert named(objects, "Ingress", "oims-prometheus")["metadata"]["annotations"] == {
        "ask": "of http://oims-app.ops.svc.k8s.example.org:5000/session/admin",
        "lead": "to https://incidents.example.org/session/enter?next=%[path]",
    }
    assert {item["metadata"]["name"] for item in of_kind(objects, "Ingress")} == {
        "oims-app",
        "oims-prometheus",
    }


def test_with_tls_between_the_parts_the_controller_speaks_it():
    annotations = named(documents(BEHIND, sets=("tls.existingSecret=t",)), "Ingress", "oims-prometheus")[
        "metadata"
    ]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/backend-protocol"] == "HTTPS"
    assert annotations["nginx.ingress.kubernetes.io/auth-url"].startswith("https://oims-app.")


@pytest.mark.parametrize(
    ("sets", "sentence"),
    [
        (("monitoring.ingress.controller=",), "monitoring.ingress.prometheus would be open to everyone"),
        (
            ("monitoring.ingress.controller=other",),
            "monitoring.ingress.alertmanager would be open to everyone",
        ),
        (("app.ingress.enabled=false",), "is set without app.ingress.enabled"),
        (("networkPolicy.allowFrom.app=null",), "name its pods in networkPolicy.allowFrom.app"),
        (("prometheus.publicUrl=https://p.example.org",), "is set beside prometheus.publicUrl"),
        (
            ("prometheus.enabled=false",),
            "monitoring.ingress.prometheus is set, but prometheus.enabled is false",
        ),
        (("monitoring.ingress.prometheus=everyone",), "monitoring"),
    ],
)
@pytest.mark.threat("T20")
def test_what_would_leave_it_open_or_lead_nowhere_is_refused(sets, sentence):
    assert sentence in refusal(BEHIND, sets=sets)
