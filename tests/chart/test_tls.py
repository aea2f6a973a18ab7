"""With a certificate every part speaks TLS to every other, and without one nothing has changed."""

import json
import re
import subprocess

import pytest
import yaml

from tests.chart.rendering import (
    VALUES_FILES,
    containers,
    documents,
    named,
    of_kind,
    pods,
    refusal,
    text,
    tool,
)

OURS = ("app", "webhook", "prometheus", "alertmanager")
ISSUER = ("tls.certManager.issuerRef.name=internal-ca", "tls.certManager.issuerRef.kind=ClusterIssuer")


def file_of(name, key):
    return yaml.safe_load(named(documents("tls"), "ConfigMap", f"oims-{name}")["data"][key])


def own_pods():
    return {name: pod for name, pod in pods(documents("tls")).items() if pod.get("kind") != "Pod"}


@pytest.mark.threat("T44")
def test_no_address_between_the_parts_is_without_tls():
    """But the automation's own port, on which there are metrics only."""
    plain = re.findall(r"http://oims-[a-z-]+", text("tls"))
    assert plain == []


@pytest.mark.parametrize("values", sorted(set(VALUES_FILES) - {"tls"}))
def test_without_a_certificate_nobody_speaks_tls(values):
    assert "/etc/oims/tls" not in text(values)
    assert "scheme: HTTPS" not in text(values)


def test_probes_speak_tls_to_the_parts_that_do():
    for name, pod in own_pods().items():
        for container in containers(pod):
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                request = container.get(probe, {}).get("httpGet")
                if request:
                    assert request.get("scheme") == (None if "automation" in name else "HTTPS"), (name, probe)


@pytest.mark.threat("T44")
def test_every_pod_mounts_the_files_it_names_and_clients_not_the_key():
    for name, pod in pods(documents("tls")).items():
        if name == "StatefulSet/oims-gate":
            continue  # it passes TLS through
        (volume,) = [item for item in pod["spec"]["volumes"] if item["name"] == "tls"]
        keys = [item["key"] for item in volume["secret"]["items"]]
        is_server = any(name.endswith(f"/oims-{part}") for part in OURS)
        assert keys == (["tls.crt", "tls.key", "ca.crt"] if is_server else ["ca.crt"]), name
        assert volume["secret"]["secretName"] == "oims-certificate"
        for container in containers(pod):
            mounts = {item["name"]: item for item in container["volumeMounts"]}
            assert mounts["tls"]["mountPath"] == "/etc/oims/tls"
            assert "subPath" not in mounts["tls"], "a renewed certificate would not arrive"


def test_prometheus_knows_whom_it_calls():
    config = file_of("prometheus", "prometheus.yml")
    calls = {job["job_name"]: job for job in config["scrape_configs"]}
    names = {"oims-app": "oims-app", "oims-webhook": "oims-webhook", "alertmanager": "oims-alertmanager"}
    for job, name in (names | {"prometheus": "oims-prometheus"}).items():
        assert calls[job]["scheme"] == "https"
        assert calls[job]["tls_config"] == {"ca_file": "/etc/oims/tls/ca.crt", "server_name": name}
    assert "scheme" not in calls["oims-automation"]
    (alertmanager,) = config["alerting"]["alertmanagers"]
    assert alertmanager["scheme"] == "https"
    assert alertmanager["tls_config"]["server_name"] == "oims-alertmanager"


def test_alertmanager_checks_the_webhooks_certificate():
    (hook,) = file_of("alertmanager", "alertmanager.yml")["receivers"][0]["webhook_configs"]
    assert hook["url"] == "https://oims-webhook:5001/"
    assert hook["http_config"]["tls_config"] == {"ca_file": "/etc/oims/tls/ca.crt"}


@pytest.mark.parametrize("part", ["prometheus", "alertmanager"])
def test_prometheus_and_alertmanager_take_their_web_configuration(part, tmp_path):
    (tmp_path / "web.yml").write_text(named(documents("tls"), "ConfigMap", f"oims-{part}")["data"]["web.yml"])
    (container,) = own_pods()[f"StatefulSet/oims-{part}"]["spec"]["containers"]
    assert f"--web.config.file=/etc/{part}/config/web.yml" in container["args"]
    done = subprocess.run(
        [tool("promtool"), "check", "web-config", tmp_path / "web.yml"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert "tls.crt: no such file" in done.stderr, "the only thing that is missing here is the mounted Secret"


def test_the_pods_of_helm_test_trust_the_ca():
    for pod in of_kind(documents("tls"), "Pod"):
        (container,) = pod["spec"]["containers"]
        environment = {item["name"]: item["value"] for item in container["env"]}
        assert environment["OIMS_TEST_APP_URL"] == "https://oims-app:5000"
        assert environment["SSL_CERT_FILE"] == "/etc/oims/tls/ca.crt"


def test_cert_manager_makes_one_certificate_with_every_name_that_is_called():
    objects = documents("default", sets=ISSUER)
    (certificate,) = of_kind(objects, "Certificate")
    assert certificate["spec"]["issuerRef"] == {"name": "internal-ca", "kind": "ClusterIssuer"}
    names = set(certificate["spec"]["dnsNames"])
    services = {item["metadata"]["name"] for item in of_kind(objects, "Service")}
    called = set(
        re.findall(
            r"https://([a-z.-]+)[:/]", json.dumps([item for item in objects if item["kind"] != "Certificate"])
        )
    )
    assert called - {"incidents.example.org"} <= names
    assert {f"oims-{part}" for part in OURS} <= services & names
    (volume,) = [
        item for item in pods(objects)["Deployment/oims-app"]["spec"]["volumes"] if item["name"] == "tls"
    ]
    assert volume["secret"]["secretName"] == certificate["spec"]["secretName"]


def test_service_monitors_speak_tls_with_the_ca():
    objects = documents("operator", sets=("tls.existingSecret=oims-certificate",))
    for monitor in of_kind(objects, "ServiceMonitor"):
        (endpoint,) = monitor["spec"]["endpoints"]
        assert endpoint["scheme"] == "https"
        assert endpoint["tlsConfig"]["ca"] == {"secret": {"name": "oims-certificate", "key": "ca.crt"}}
        assert endpoint["tlsConfig"]["serverName"] == monitor["metadata"]["name"]


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        ((*ISSUER, "tls.existingSecret=mine"), "tls.existingSecret is set beside tls.certManager.issuerRef"),
        (("tls.certManager.issuerRef.kind=Issuer",), "set tls.certManager.issuerRef.name"),
    ],
)
def test_a_wrong_choice_of_certificate_is_refused(sets, said):
    assert said in refusal("default", sets=sets)


def test_a_cluster_without_cert_manager_is_named():
    assert "the cluster has no Certificate (cert-manager.io/v1)" in refusal(
        "default", sets=ISSUER, crds=False
    )
