"""values.yaml, its schema, its page and the templates say the same."""

import json
import re
import subprocess
import sys

import pytest
import yaml

from tests.chart.rendering import CHART, ROOT, documents, refusal, text_of

# Read as a whole by the templates, never by name.
READ_AS_A_WHOLE = {"service", "persistence", "targets"}


def keys(values, schema, path=()):
    """Yield the path of every described property."""
    for key in values:
        here = (*path, key)
        below = schema["properties"][key].get("properties")
        if below and isinstance(values[key], dict) and key != "resources":
            yield from keys(values[key], schema["properties"][key], here)
        else:
            yield here


@pytest.fixture(scope="module")
def values():
    return yaml.safe_load((CHART / "values.yaml").read_text())


@pytest.fixture(scope="module")
def schema():
    return json.loads((CHART / "values.schema.json").read_text())


def test_schema_and_page_are_made_from_the_values():
    done = subprocess.run(
        [sys.executable, "-m", "tools.chart_values", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_value_is_used_by_a_template(values, schema):
    templates = "".join(path.read_text() for path in (CHART / "templates").rglob("*.*"))
    words = set(re.findall(r"\.([A-Za-z][A-Za-z0-9]*)", templates))
    unused = [".".join(path) for path in keys(values, schema) if path[-1] not in words]
    assert unused == []


def test_every_value_a_template_reads_from_the_top_exists(values):
    for file in (CHART / "templates").rglob("*.*"):
        for found in re.findall(r"(?:\$|\B)\.Values\.([A-Za-z0-9.]+)", file.read_text()):
            place = values
            for name in found.rstrip(".").split("."):
                assert isinstance(place, dict), f"{file.name}: .Values.{found}"
                if place == {}:
                    break
                assert name in place, f"{file.name}: .Values.{found}"
                place = place[name]


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ("app.replcas=2", "replcas"),
        ("app.replicas=two", "/app/replicas"),
        ("app.image.tga=1", "tga"),
        ("app.image.pullPolicy=Sometimes", "pullPolicy"),
        ("app.image.digest=sha256:12", "digest"),
        ("app.baseUrl=incidents.example.org", "baseUrl"),
        ("app.proxyHops=6", "proxyHops"),
        ("app.registration=everyone", "registration"),
        ("app.oidc.issuer=http://login.example.org", "issuer"),
        ("app.oidc.roles.sre=owner", "/app/oidc/roles/sre"),
        ("app.adminEmail=admin", "adminEmail"),
        ("app.smtp.port=0", "port"),
        ("app.smtp.tls=yes", "tls"),
        ("app.smtp.to[0]=nobody", "/app/smtp/to/0"),
        ("app.smtp.escalateTo.awful[0]=a@example.org", "awful"),
        ("app.smtp.escalateTo.high[0]=nobody", "/app/smtp/escalateTo/high/0"),
        ("app.smtp.cap=0", "/app/smtp/cap"),
        ("app.resources.request.cpu=1", "request"),
        ("database.type=mysql", "type"),
        ("database.sqlite.persistence.size=1", "size"),
        ("database.postgres.sslmode=on", "sslmode"),
        ("webhook.journal.type=file", "type"),
        ("prometheus.scrapeInterval=often", "scrapeInterval"),
        ("prometheus.retention.size=4Gi", "retention"),
        ("alertmanager.replicas=0", "replicas"),
        ("alertmanager.externalUrl=alertmanager:9093", "externalUrl"),
        ("automation.inCluster.enable=true", "enable"),
        ("automation.targets.namespaces.shop=cart", "shop"),
        ("automation.targets.namespaces.shop[0]=CronJob/report", "/automation/targets/namespaces/shop/0"),
        ("automation.inCluster.playbooks.policy\\.yml=remedies", "policy.yml"),
        ("networkPolicy.enabled=maybe", "enabled"),
        ("nameOverride=a-name-that-is-much-too-long-for-any-object-in-a-cluster", "nameOverride"),
        ("ap.replicas=1", "ap"),
    ],
)
def test_a_wrong_value_is_refused_by_name(setting, name):
    message = refusal(sets=(setting,))
    assert "don't meet the specifications of the schema" in message
    assert name in message


def test_it_can_be_a_part_of_another_chart(tmp_path):
    parent = tmp_path / "parent"
    (parent / "charts").mkdir(parents=True)
    (parent / "charts" / "oims").symlink_to(CHART)
    (parent / "Chart.yaml").write_text(
        "apiVersion: v2\nname: parent\nversion: 1.0.0\n"
        "dependencies: [{name: oims, version: '*', condition: oims.enabled}]\n"
    )
    (parent / "values.yaml").write_text(
        "global: {theirs: 1, commonLabels: {team: a}}\noims: {enabled: true}\n"
    )

    objects = documents(chart=parent)

    assert {item["metadata"]["labels"]["team"] for item in objects} == {"a"}
    assert text_of(chart=parent, sets=("oims.enabled=false",)).strip() == ""


@pytest.mark.parametrize(
    ("sets", "sentences"),
    [
        (("app.replicas=2",), ["app.replicas is 2"]),
        (
            ("app.autoscaling.enabled=true",),
            ["app.autoscaling.enabled is true, but a SQLite file has one writer"],
        ),
        (("database.type=postgres",), ["PostgreSQL is chosen without a way to it"]),
        (
            ("database.type=postgres", "database.postgres.host=db"),
            ["PostgreSQL is chosen without a way to it"],
        ),
        (("webhook.journal.type=postgres",), ["PostgreSQL is chosen without a way to it"]),
        (("database.postgres.bundled.enabled=true",), ["nothing uses it"]),
        (
            ("database.type=postgres", "database.postgres.bundled.enabled=true", "database.postgres.host=db"),
            ["the bundled PostgreSQL or your own"],
        ),
        (("webhook.replicas=2",), ["set webhook.journal.type to postgres"]),
        (("webhook.autoscaling.enabled=true",), ["set webhook.journal.type to postgres"]),
        (
            ("webhook.autoscaling.enabled=true", "webhook.autoscaling.minReplicas=9"),
            ["minReplicas is greater"],
        ),
        (("app.smtp.user=oims",), ["app.smtp.user is set without a password"]),
        (("app.oidc.issuer=https://login",), ["set app.oidc.clientId, and app.oidc.existingSecret or"]),
        (("app.oidc.roles.sre=admin",), ["app.oidc.roleClaim and app.oidc.roles need each other"]),
        (("app.ingress.enabled=true",), ["set app.ingress.hosts"]),
        (("app.httpRoute.enabled=true",), ["set app.httpRoute.parentRefs"]),
        (("alertmanager.enabled=false",), ["set alertmanager.externalUrl"]),
        (("alertmanager.externalUrl=http://a",), ["turn one of them off"]),
        (("prometheus.externalUrl=http://a",), ["turn one of them off"]),
        (("alertmanager.watchdogReceiver=phone",), ["alertmanager.watchdogReceiver is "]),
        (("alertmanager.extraRoutes[0].receiver=phone",), ['names the receiver "phone"']),
        (
            (
                "automation.inCluster.enabled=true",
                "automation.inCluster.replicas=2",
                "automation.inCluster.persistence.existingClaim=a",
            ),
            ["automation.inCluster.persistence.existingClaim serves one pod"],
        ),
        (
            ("alertmanager.replicas=2", "alertmanager.persistence.existingClaim=a"),
            ["alertmanager.persistence.existingClaim serves one pod"],
        ),
        *(
            ((f"{path}.enabled=false", f"{path}.existingClaim=a"), [f"{path}.existingClaim is set, but"])
            for path in (
                "database.sqlite.persistence",
                "database.postgres.bundled.persistence",
                "webhook.journal.persistence",
                "prometheus.persistence",
                "alertmanager.persistence",
                "automation.inCluster.persistence",
            )
        ),
        (
            ("app.replicas=2", "webhook.replicas=2", "app.ingress.enabled=true"),
            ["3 problem(s)", "app.replicas is 2", "webhook.journal.type", "app.ingress.hosts"],
        ),
    ],
)
def test_a_bad_combination_is_refused_with_what_to_set(sets, sentences):
    message = refusal(sets=sets)
    assert all(sentence in message for sentence in sentences), message


@pytest.mark.parametrize(
    ("sets", "kind"),
    [
        (("monitoring.serviceMonitor.enabled=true",), "ServiceMonitor"),
        (("monitoring.prometheusRule.enabled=true",), "PrometheusRule"),
        (("app.httpRoute.enabled=true", "app.httpRoute.parentRefs[0].name=public"), "HTTPRoute"),
    ],
)
def test_an_object_the_cluster_does_not_know_is_refused(sets, kind):
    assert f"the cluster has no {kind}" in refusal(sets=sets, crds=False)
