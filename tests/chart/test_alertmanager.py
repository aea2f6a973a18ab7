"""The rendered file of Alertmanager, judged by its own tool."""

import pytest
import yaml

from tests.chart.rendering import WITH_ALERTMANAGER, documents, named, run_tool


@pytest.fixture
def alertmanager_file(values, tmp_path):
    file = tmp_path / "alertmanager.yml"
    file.write_text(named(documents(values), "ConfigMap", "oims-alertmanager")["data"]["alertmanager.yml"])
    return file


@pytest.mark.parametrize("values", WITH_ALERTMANAGER)
def test_amtool_finds_nothing_in_the_rendered_configuration(alertmanager_file):
    done = run_tool("amtool", "check-config", "--enable-feature=utf8-strict-mode", alertmanager_file)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("values", "labels", "receivers"),
    [
        ("default", ["alertname=IncidentAppErrors", "severity=high"], "oims-webhook"),
        ("default", ["alertname=Watchdog", "severity=none"], "oims-webhook"),
        ("default", ['alertname="Übung mit Leerzeichen"'], "oims-webhook"),
        ("everything", ["alertname=Watchdog", "severity=none"], "heartbeat"),
        ("everything", ["alertname=IncidentAppDown", "severity=critical"], "heartbeat"),
        ("everything", ["alertname=IncidentAppSlow", "severity=medium"], "oims-webhook"),
        ("everything", ["alertname=IncidentMailsStopped", "severity=critical"], "heartbeat,oims-mail"),
        ("default", ["alertname=IncidentMailsStopped", "severity=critical"], "oims-webhook"),
    ],
)
def test_alerts_take_the_right_route(alertmanager_file, labels, receivers):
    done = run_tool(
        "amtool", "config", "routes", "test", "--enable-feature=utf8-strict-mode",
        f"--config.file={alertmanager_file}", f"--verify.receivers={receivers}", *labels,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("tls", "port", "expected"),
    [
        ("none", 25, {"require_tls": False, "force_implicit_tls": False}),
        ("starttls", 587, {"require_tls": True, "force_implicit_tls": False}),
        ("tls", 2465, {"require_tls": False, "force_implicit_tls": True}),
    ],
)
@pytest.mark.threat("T29")
def test_alertmanager_mails_by_the_mail_server_of_the_app(tmp_path, tls, port, expected):
    objects = documents(
        "everything", sets=(f"app.smtp.tls={tls}", f"app.smtp.port={port}", "app.smtp.host=fd00::25")
    )
    text = named(objects, "ConfigMap", "oims-alertmanager")["data"]["alertmanager.yml"]
    (tmp_path / "alertmanager.yml").write_text(text)
    done = run_tool(
        "amtool", "check-config", "--enable-feature=utf8-strict-mode", tmp_path / "alertmanager.yml"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (mail,) = next(one for one in yaml.safe_load(text)["receivers"] if one["name"] == "oims-mail")[
        "email_configs"
    ]
    assert (mail["to"], mail["smarthost"]) == ("oncall@example.org", f"[fd00::25]:{port}")
    assert {name: mail[name] for name in expected} == expected
    pod = named(objects, "StatefulSet", "oims-alertmanager")["spec"]["template"]["spec"]
    (folder,) = [
        mount["mountPath"]
        for mount in pod["containers"][0]["volumeMounts"]
        if mount["name"] == "smtp-password"
    ]
    assert mail["auth_password_file"] == f"{folder}/smtp-password"
    policy = named(objects, "NetworkPolicy", "oims-alertmanager")["spec"]
    assert port in [item["port"] for rule in policy["egress"] for item in rule["ports"]]


@pytest.mark.parametrize("values", WITH_ALERTMANAGER)
def test_the_token_is_in_no_configuration(alertmanager_file):
    config = yaml.safe_load(alertmanager_file.read_text())
    (hook,) = config["receivers"][0]["webhook_configs"]
    assert config["receivers"][0]["name"] == "oims-webhook"
    assert hook["http_config"]["authorization"] == {"credentials_file": "/etc/oims/webhook/token"}
    assert hook["send_resolved"] is True
