"""What a platform team sets around the parts: ways in, volumes, monitoring, rights."""

import pytest
import yaml

from tests.chart.rendering import documents, named, of_kind, refusal

ALL = "everything"


def config(part):
    return yaml.safe_load(named(documents(ALL), "ConfigMap", f"oims-{part}")["data"][f"{part}.yml"])


def test_an_ingress_takes_paths_and_labels():
    ingress = named(documents(ALL), "Ingress", "oims-app")
    assert ingress["metadata"]["labels"]["zone"] == "inner"
    (rule,) = ingress["spec"]["rules"]
    assert [(path["path"], path["pathType"]) for path in rule["http"]["paths"]] == [
        ("/api", "Prefix"),
        ("/", "Prefix"),
    ]
    assert {path["backend"]["service"]["name"] for path in rule["http"]["paths"]} == {"oims-app"}


def test_a_route_takes_matches_filters_and_labels():
    route = named(documents(ALL), "HTTPRoute", "oims-app")
    assert route["metadata"]["labels"]["zone"] == "inner"
    (rule,) = route["spec"]["rules"]
    assert rule["matches"][0]["method"] == "GET"
    assert rule["matches"][0]["headers"] == [{"name": "x-zone", "value": "inner"}]
    headers, rewrite = rule["filters"]
    assert headers["responseHeaderModifier"]["set"] == [{"name": "x-zone", "value": "inner"}]
    path = {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}
    assert rewrite["urlRewrite"] == {"hostname": "oims.internal", "path": path}


FILTERS = {
    "RequestRedirect": {"requestRedirect": {"path": {"type": "ReplaceFullPath", "replaceFullPath": "/x"}}},
    "RequestMirror": {"requestMirror": {"backendRef": {"name": "copy", "port": 80}, "percent": 5}},
    "ExtensionRef": {"extensionRef": {"group": "g.example.org", "kind": "RateLimit", "name": "slow"}},
    "RequestHeaderModifier": {"requestHeaderModifier": {"remove": ["x-zone"]}},
}


@pytest.mark.parametrize("kind", FILTERS)
def test_a_route_takes_every_standard_filter_and_only_with_its_own_field(tmp_path, kind):
    def values(fields):
        route = {"enabled": True, "parentRefs": [{"name": "public"}], "filters": [{"type": kind} | fields]}
        file = tmp_path / f"{len(list(tmp_path.iterdir()))}.yaml"
        file.write_text(yaml.safe_dump({"app": {"httpRoute": route}}))
        return str(file)

    found = named(documents(values(FILTERS[kind])), "HTTPRoute", "oims-app")
    assert found["spec"]["rules"][0]["filters"] == [{"type": kind} | FILTERS[kind]]
    other = FILTERS["ExtensionRef" if kind != "ExtensionRef" else "RequestMirror"]
    assert "/app/httpRoute/filters/0" in refusal(values(other))


@pytest.mark.parametrize("part", ["prometheus", "alertmanager"])
def test_prometheus_and_alertmanager_take_an_address_and_arguments(part):
    (container,) = named(documents(ALL), "StatefulSet", f"oims-{part}")["spec"]["template"]["spec"][
        "containers"
    ]
    assert f"--web.external-url=https://{part}.example.org" in container["args"]
    assert "--log.level=debug" in container["args"]


def test_prometheus_writes_elsewhere_and_may_reach_that():
    assert config("prometheus")["remote_write"] == [{"url": "https://metrics.example.org:8443/push"}]
    egress = named(documents(ALL), "NetworkPolicy", "oims-prometheus")["spec"]["egress"]
    assert [{"port": 8443, "protocol": "TCP"}] in [rule["ports"] for rule in egress]


def test_their_files_take_further_sections_beside_the_charts():
    assert config("prometheus")["tracing"] == {"endpoint": "traces.example.org:4317"}
    assert config("alertmanager")["time_intervals"][0]["name"] == "night"
    message = refusal(sets=("prometheus.extraConfig.rule_files=a", "alertmanager.extraConfig.route.a=b"))
    assert "prometheus.extraConfig sets rule_files, which is the chart's own" in message
    assert "alertmanager.extraConfig sets route, which is the chart's own" in message


def test_several_prometheus_need_a_volume_each():
    assert named(documents(ALL), "StatefulSet", "oims-prometheus")["spec"]["replicas"] == 2
    sets = ("prometheus.replicas=2", "prometheus.persistence.existingClaim=mine")
    assert "prometheus.persistence.existingClaim serves one pod" in refusal(sets=sets)


def test_claims_take_labels_and_a_selector():
    objects = documents("existing-claim")
    own = named(objects, "PersistentVolumeClaim", "oims-webhook")
    assert own["metadata"]["labels"]["tier"] == "gold"
    (claim,) = named(objects, "StatefulSet", "oims-alertmanager")["spec"]["volumeClaimTemplates"]
    assert claim["metadata"]["labels"]["tier"] == "gold"
    assert claim["spec"]["selector"] == {"matchLabels": {"disk": "fast"}}


def test_service_monitors_take_what_the_operators_api_has():
    monitors = of_kind(documents(ALL), "ServiceMonitor")
    assert {item["metadata"]["namespace"] for item in monitors} == {"monitoring"}
    for item in monitors:
        assert item["spec"]["namespaceSelector"] == {"matchNames": ["incident-mgmt"]}
        (endpoint,) = item["spec"]["endpoints"]
        assert endpoint["scrapeTimeout"] == "5s"
        assert [rule["targetLabel"] for rule in endpoint["relabelings"]] == ["job", "cluster"]
        assert endpoint["metricRelabelings"][0]["action"] == "drop"


def test_without_rbac_no_right_is_given():
    objects = documents(sets=("rbac.create=false", "automation.inCluster.enabled=true"))
    assert of_kind(objects, "Role", "RoleBinding") == []
    accounts = {item["metadata"]["name"] for item in of_kind(objects, "ServiceAccount")}
    assert {"oims-monitor", "oims-automation"} <= accounts
