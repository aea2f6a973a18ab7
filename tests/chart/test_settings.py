"""What the chart sets, the parts themselves take."""

import json
from collections.abc import Callable
from datetime import timedelta

import certifi
import pytest
import yaml

import app.config
import automation.config
import webhook.config
from tests.chart.rendering import VALUES_FILES, containers, documents, named, pods

LOADERS: dict[str, Callable[[], object]] = {
    "migrate": app.config.load,
    "web": app.config.load,
    "worker": app.config.load,
    "webhook": webhook.config.load,
    "automation": automation.config.load_settings,
}
SECRET = "postgresql://oims:long-enough-for-every-secret-there-is@db/oims"


@pytest.fixture
def settings(monkeypatch, tmp_path):
    """Load the settings of a container as its program would."""

    def secret(name):
        if name == "OIMS_CA_FILE":
            return certifi.where()
        file = tmp_path / name
        file.write_text(f"{SECRET}?application_name={name}")
        return str(file)

    def load(name, *values, **options):
        (container,) = [part for part in _containers(*values, **options) if part["name"] == name]
        with monkeypatch.context() as environment:
            for item in container["env"]:
                variable = item["name"]
                value = secret(variable) if variable.endswith("_FILE") else item.get("value", SECRET)
                environment.setenv(variable, value)
            return LOADERS[name]()

    return load


def _containers(*values, **options):
    return [part for pod in pods(documents(*values, **options)).values() for part in containers(pod)]


@pytest.mark.parametrize("values", VALUES_FILES)
def test_every_part_takes_its_settings(settings, subtests, values):
    names = [container["name"] for container in _containers(values) if container["name"] in LOADERS]
    assert {"web", "worker", "webhook"} <= set(names)
    for name in names:
        with subtests.test(name):
            assert settings(name, values)


def test_single_sign_on_reaches_the_app(settings):
    found = settings("web", "gitops")
    assert found.oidc_issuer == "https://login.example.org/realms/main"
    assert found.oidc_client_id == "oims"
    assert found.oidc_client_secret.get_secret_value().startswith(SECRET)
    assert found.oidc_role_claim == "groups"
    assert found.oidc_roles == {"sre": "responder", "sre-leads": "admin"}
    assert (found.oidc_only, found.oidc_is_second_factor) == (True, True)
    assert (found.oidc_session_age, found.oidc_token_age) == (timedelta(hours=8), timedelta(days=1))


def test_how_alerts_become_incidents_and_who_needs_a_second_factor_reach_the_app(settings):
    found = settings("web", "everything")
    assert found.second_factor_roles == ("admin", "responder")
    assert found.approvals_need_second_factor
    assert found.severity_labels == ("severity", "prio")
    assert found.severity_words == {"p0": "critical", "besteffort": "low"}
    assert found.service_labels == ("service", "team")
    assert found.title_template == "{what} ({where})"
    assert found.reopen_window == timedelta(hours=1)
    assert found.api_rate_limit == 0


@pytest.mark.parametrize(
    ("sets", "name", "kind"),
    [((), "oims", "password"), (("alertmanager.externalLogin.username=",), "", "token")],
)
def test_the_log_in_to_ones_own_alertmanager_reaches_whoever_calls_it(settings, sets, name, kind):
    for part in ("web", "webhook"):
        found = settings(part, "external-alertmanager", sets=sets)
        assert found.alertmanager_username == name
        (container,) = [one for one in _containers("external-alertmanager", sets=sets) if one["name"] == part]
        assert f"OIMS_ALERTMANAGER_{kind.upper()}_FILE" in {item["name"] for item in container["env"]}
    assert settings("webhook", "external-alertmanager").alertmanager_receiver == "incidents"
    config = named(documents("external-alertmanager", sets=sets), "ConfigMap", "oims-prometheus")["data"]
    (called,) = yaml.safe_load(config["prometheus.yml"])["alerting"]["alertmanagers"]
    login = {
        "password": {"basic_auth": {"username": "oims", "password_file": "/etc/oims/alertmanager/password"}},
        "token": {"authorization": {"credentials_file": "/etc/oims/alertmanager/token"}},
    }
    assert login[kind].items() <= called.items()


@pytest.mark.parametrize(
    ("values", "sets", "hops"),
    [
        ("default", (), 0),
        ("ingress-tls", (), 1),
        ("httproute", (), 1),
        ("ingress-tls", ("app.proxyHops=2",), 2),
        ("ingress-tls", ("app.proxyHops=0",), 0),
    ],
)
def test_the_app_trusts_as_many_proxies_as_stand_before_it(settings, values, sets, hops):
    assert settings("web", values, sets=sets).proxy_hops == hops


@pytest.mark.parametrize(
    ("values", "prometheus", "alertmanager"),
    [
        ("default", "http://oims-prometheus:9090", "http://oims-alertmanager:9093"),
        (
            "external-alertmanager",
            "http://oims-prometheus:9090",
            "http://alertmanager.monitoring:9093/prefix",
        ),
        ("operator", "http://prometheus.monitoring:9090", "https://alertmanager.example.org/am"),
    ],
)
def test_the_app_asks_the_prometheus_and_alertmanager_in_use(settings, values, prometheus, alertmanager):
    found = settings("web", values)
    assert (found.prometheus_url, found.alertmanager_url) == (prometheus, (alertmanager,))


def test_no_setting_is_misspelt():
    """An unknown variable is ignored by the parts, so nobody else would notice."""
    known = {
        "app": app.config.Settings,
        "webhook": webhook.config.Settings,
        "automation": automation.config.Settings,
    }
    parts = {
        "migrate": "app",
        "web": "app",
        "worker": "app",
        "webhook": "webhook",
        "automation": "automation",
    }
    unknown = set()
    for values in VALUES_FILES:
        for pod in pods(documents(values)).values():
            for container in containers(pod):
                part = parts.get(container["name"])
                for item in container.get("env", []) if part else []:
                    name = item["name"].removeprefix("OIMS_").lower()
                    fields = {name, name.removesuffix("_file")} & set(known[part].model_fields)
                    if item["name"].startswith("OIMS_") and not fields:
                        unknown.add(json.dumps((part, item["name"])))
    assert not unknown


@pytest.mark.parametrize("values", VALUES_FILES)
def test_no_part_listens_on_ipv4_alone(values):
    """kubelet and Prometheus ask a pod's IPv6 address, where the cluster has no other."""
    for container in _containers(values):
        given = [
            *(str(item.get("value", "")) for item in container.get("env", ())),
            *container.get("args", ()),
        ]
        assert not [text for text in given if "0.0.0.0:" in text], container["name"]


def test_alertmanagers_of_a_cluster_listen_on_the_address_of_their_pod():
    parts = _containers(sets=("alertmanager.replicas=2",))
    (container,) = [part for part in parts if part["name"] == "alertmanager"]
    assert "--cluster.listen-address=[$(POD_IP)]:9094" in container["args"]
    assert container["env"] == [{"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]
