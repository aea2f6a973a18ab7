"""The rendered files of Prometheus, judged by its own tools."""

import json
import re

import pytest
import yaml

import app.config
import webhook.config
from tests.chart.rendering import (
    CHART,
    ROOT,
    VALUES_FILES,
    WITH_ALERTMANAGER,
    documents,
    named,
    of_kind,
    refusal,
    run_tool,
    text,
)

RULES = sorted((CHART / "files" / "rules").glob("*.yml"))
WITH_PROMETHEUS = [values for values in VALUES_FILES if values != "operator"]


@pytest.fixture
def prometheus_files(values, tmp_path):
    objects = documents(values)
    config = named(objects, "ConfigMap", "oims-prometheus")["data"]["prometheus.yml"]
    rules = named(objects, "ConfigMap", "oims-prometheus-rules")["data"]
    folder = tmp_path / "rules"
    folder.mkdir()
    for name, content in rules.items():
        (folder / name).write_text(content)
    file = tmp_path / "prometheus.yml"
    file.write_text(config.replace("/etc/prometheus/rules", str(folder)))
    return file


@pytest.mark.parametrize("values", WITH_PROMETHEUS)
def test_promtool_finds_nothing_in_the_rendered_configuration(prometheus_files):
    done = run_tool("promtool", "check", "config", "--lint=all", "--lint-fatal", prometheus_files)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        run_tool(
            "promtool",
            "check",
            "rules",
            "--lint=all",
            "--lint-fatal",
            *prometheus_files.parent.glob("rules/*"),
        ).returncode
        == 0
    )


@pytest.mark.parametrize("values", WITH_PROMETHEUS)
def test_the_jobs_have_the_names_the_rules_know(values):
    config = yaml.safe_load(
        named(documents(values), "ConfigMap", "oims-prometheus")["data"]["prometheus.yml"]
    )
    names = [job["job_name"] for job in config["scrape_configs"]]
    assert {"oims-app", "oims-webhook", "prometheus"} <= set(names)
    assert ("alertmanager" in names) is (values in WITH_ALERTMANAGER)


def test_the_rules_are_the_very_files():
    rendered = named(documents("default"), "ConfigMap", "oims-prometheus-rules")["data"]
    assert {name: content.strip() for name, content in rendered.items()} == {
        file.name: file.read_text().strip() for file in RULES
    }


def test_the_prometheusrule_holds_the_same_groups():
    expected = [group for file in RULES for group in yaml.safe_load(file.read_text())["groups"]]
    assert named(documents("operator"), "PrometheusRule", "oims")["spec"]["groups"] == expected
    assert "{{ $value" in text("operator")


@pytest.fixture
def tuned(tmp_path):
    file = tmp_path / "tuned-values.yaml"
    rules = {
        "disabled": ["IncidentAppSlow", "ConfigurationRefused", "VolumeFilling"],
        "alerts": {
            "IncidentAppDown": {"for": "5m", "severity": "high", "labels": {"team": "own"}},
            "MailStuck": {"keep_firing_for": "10m"},
        },
        "labels": {"team": "all", "source": "oims"},
        "runbookBaseUrl": "https://git.example.org/oims/",
    }
    monitoring = {"rules": rules, "prometheusRule": {"enabled": True}}
    file.write_text(json.dumps({"monitoring": monitoring}))
    return documents(str(file))


def test_single_alerts_can_be_left_out_and_tuned(tuned, tmp_path):
    files = named(tuned, "ConfigMap", "oims-prometheus-rules")["data"]
    groups = [group for text in files.values() for group in yaml.safe_load(text)["groups"]]
    assert named(tuned, "PrometheusRule", "oims")["spec"]["groups"] == groups
    alerts = {rule["alert"]: rule for group in groups for rule in group["rules"]}
    shipped = {
        rule["alert"]: rule
        for file in RULES
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
    }
    assert set(shipped) - set(alerts) == {"IncidentAppSlow", "ConfigurationRefused", "VolumeFilling"}
    assert alerts["IncidentAppDown"]["for"] == "5m"
    assert alerts["IncidentAppDown"]["labels"] == {"severity": "high", "team": "own", "source": "oims"}
    assert alerts["MailStuck"]["keep_firing_for"] == "10m"
    assert alerts["MailStuck"]["labels"] == {"severity": "high", "team": "all", "source": "oims"}
    base = "https://git.example.org/oims/docs/runbooks.md#"
    assert {rule["annotations"]["runbook_url"].startswith(base) for rule in alerts.values()} == {True}
    assert {name: rule["expr"] for name, rule in alerts.items()} == {
        name: shipped[name]["expr"] for name in alerts
    }
    assert "{{ $value" in "".join(files.values())
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    paths = list(tmp_path.glob("*.yml"))
    done = run_tool("promtool", "check", "rules", "--lint=all", "--lint-fatal", *paths)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_alert_that_the_chart_does_not_have_is_refused_with_those_it_has():
    message = refusal(sets=("monitoring.rules.disabled[0]=IncidentAppSlo",))
    assert (
        "monitoring.rules.disabled names the alert IncidentAppSlo, which the chart does not have" in message
    )
    assert "IncidentAppSlow," in message
    message = refusal(sets=("monitoring.rules.alerts.MailStuk.for=1m",))
    assert "monitoring.rules.alerts names the alert MailStuk" in message


def test_a_rule_of_the_user_keeps_its_template():
    rules = named(documents("everything"), "ConfigMap", "oims-prometheus-rules")["data"]["extra-disks.yml"]
    assert "{{ $labels.instance }}" in rules


@pytest.mark.parametrize("values", VALUES_FILES)
def test_metrics_are_on_a_port_that_no_public_service_or_route_leads_to(values):
    objects = documents(values)
    for item in of_kind(objects, "Service"):
        ports = {port["targetPort"] for port in item["spec"]["ports"]}
        public = item["spec"].get("clusterIP") != "None"
        assert not (public and "metrics" in ports), item["metadata"]["name"]
    for part in ("app", "webhook"):
        service = named(objects, "Service", f"oims-{part}-pods")
        assert [port["targetPort"] for port in service["spec"]["ports"]] == ["metrics"]


@pytest.mark.parametrize("values", WITH_PROMETHEUS)
def test_prometheus_scrapes_the_port_that_the_parts_listen_on(values):
    objects = documents(values)
    config = yaml.safe_load(named(objects, "ConfigMap", "oims-prometheus")["data"]["prometheus.yml"])
    jobs = {
        job["job_name"]: job["dns_sd_configs"][0]["port"]
        for job in config["scrape_configs"]
        if "dns_sd_configs" in job
    }
    for part, settings in (("app", app.config.Settings), ("webhook", webhook.config.Settings)):
        field = {"app": "metrics_bind", "webhook": "webhook_metrics_bind"}[part]
        assert settings.model_fields[field].default == f"[::]:{jobs[f'oims-{part}']}"


def test_service_monitors_meet_one_service_each_and_name_the_jobs():
    objects = documents("operator")
    for monitor in of_kind(objects, "ServiceMonitor"):
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        met = [item for item in of_kind(objects, "Service") if wanted <= item["metadata"]["labels"].items()]
        assert [item["spec"]["clusterIP"] for item in met] == ["None"]
        (relabeling,) = monitor["spec"]["endpoints"][0]["relabelings"]
        assert relabeling == {"targetLabel": "job", "replacement": monitor["metadata"]["name"]}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            "default",
            {
                "dns_sd_configs": [
                    {
                        "names": ["oims-alertmanager-pods"],
                        "type": "A",
                        "port": 9093,
                        "refresh_interval": "10s",
                    }
                ]
            },
        ),
        (
            "external-alertmanager",
            {
                "scheme": "http",
                "path_prefix": "/prefix",
                "basic_auth": {"username": "oims", "password_file": "/etc/oims/alertmanager/password"},
                "static_configs": [{"targets": ["alertmanager.monitoring:9093"]}],
            },
        ),
    ],
)
def test_prometheus_tells_the_right_alertmanager(values, expected):
    config = yaml.safe_load(
        named(documents(values), "ConfigMap", "oims-prometheus")["data"]["prometheus.yml"]
    )
    assert config["alerting"]["alertmanagers"] == [expected]


@pytest.mark.threat("T14")
def test_secrets_given_as_values_are_in_secrets_only():
    given = {
        "app.auth.secretKey": "S" * 40,
        "app.auth.adminPassword": "P" * 20,
        "app.auth.automationToken": "A" * 40,
        "webhook.auth.token": "T" * 40,
        "webhook.auth.readerToken": "R" * 40,
        "webhook.auth.eventKey": "E" * 40,
        "app.smtp.password": "M" * 20,
        "database.postgres.password": "D" * 20,
    }
    objects = documents("everything", sets=tuple(f"{path}={value}" for path, value in given.items()))
    elsewhere = json.dumps([item for item in objects if item["kind"] != "Secret"])
    assert [path for path, value in given.items() if value in elsewhere] == []


def test_the_dashboard_asks_only_for_metrics_that_exist():
    dashboard = json.loads((CHART / "files/dashboards/oims.json").read_text())
    known = "".join(
        file.read_text() for folder in ("app", "webhook") for file in (ROOT / folder).rglob("*.py")
    )
    for panel in dashboard["panels"]:
        assert panel["title"]
        for target in panel.get("targets", []):
            for name in re.findall(r"\b(?:oims|flask)_[a-z_]+", target["expr"]):
                base = re.sub(r"_(bucket|count|sum|total)$", "", name)
                found = (
                    base in known
                    or base.removeprefix("flask_") in known
                    or base.startswith("flask_http_request_duration")
                )
                assert found, name
