"""Upgrades, failed ones too: what may change changes, what must stay stays."""

import re

import pytest

from tests.e2e import values
from tests.e2e.cluster import CHART, eventually
from tests.e2e.patience import Refused, patient_text
from tests.e2e.visitors import Writer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
TITLE = "The printer of the second floor is on fire"


@pytest.fixture(scope="module")
def shop(release):
    """A release with an incident in it."""
    release.deploy(values.base())
    release.number = release.add_incident(TITLE)
    return release


def log_level(release):
    containers = release.get("deployment", "app")["spec"]["template"]["spec"]["containers"]
    return {entry["name"]: entry.get("value") for entry in containers[0]["env"]}["OIMS_LOG_LEVEL"]


def test_an_upgrade_without_changes_changes_nothing(shop):
    before, revision = shop.state(), shop.revision()
    shop.deploy(values.base())
    assert shop.revision() == revision + 1
    assert shop.state() == before


@pytest.mark.parametrize(
    ("option", "level"),
    [("--reuse-values", "warning"), ("--reset-then-reuse-values", "error")],
)
def test_old_values_are_kept_under_new_ones(shop, option, level):
    secrets = shop.secrets()
    shop.helm(
        "upgrade",
        shop.name,
        str(CHART),
        option,
        "--set",
        f"app.logLevel={level}",
        "--wait",
        "--timeout",
        patient_text(180),
    )
    shop.forget()
    assert log_level(shop) == level.upper()
    assert shop.secrets() == secrets
    assert shop.has_incident(shop.number, TITLE)
    pod = shop.get("statefulset", "prometheus")["spec"]["template"]
    assert pod["spec"]["containers"][0]["image"].endswith("v3.14.0")


def test_a_changed_value_keeps_data_secrets_and_the_log_in(shop):
    secrets, webhook = shop.secrets(), set(shop.pods("webhook"))
    before = set(shop.pods("app"))
    shop.deploy(values.merge(values.base(), {"app": {"logLevel": "debug"}}))
    assert not set(shop.pods("app")) & before
    assert set(shop.pods("webhook")) == webhook
    assert shop.secrets() == secrets
    assert shop.has_incident(shop.number, TITLE)
    assert shop.test("--filter", "name=oims-test-login") == ["login"]


def test_a_rollback_by_hand_restores_the_version_and_keeps_data_and_secrets(shop):
    secrets = shop.secrets()
    shop.helm("rollback", shop.name, "--wait", "--timeout", patient_text(180))
    shop.forget()
    shop.values = values.merge(values.base(), {"app": {"logLevel": "error"}})
    assert log_level(shop) == "ERROR"
    assert shop.secrets() == secrets
    assert shop.has_incident(shop.number, TITLE)


def test_a_rule_changed_by_an_upgrade_is_judged_without_a_restart(shop):
    pods = shop.all_pods()
    rules = {"groups": [{"name": "e2e", "rules": [{"alert": "AddedByUpgrade", "expr": "vector(1)"}]}]}
    shop.deploy(values.merge(shop.values, {"prometheus": {"extraRules": {"added": rules}}}))

    def judged():
        answer = shop.forward("prometheus").request("GET", "/api/v1/rules")
        return "AddedByUpgrade" in answer.text

    # The kubelet brings a changed ConfigMap within about a minute, Prometheus looks every 30 s.
    eventually(judged, "the new rule in Prometheus", seconds=240, pause=2)
    assert shop.all_pods() == pods


def test_a_broken_configuration_does_not_end_the_running_one(shop):
    pods = set(shop.pods("prometheus"))
    broken = {"groups": [{"name": "e2e", "rules": [{"alert": "Broken", "expr": "this is no expression"}]}]}
    shop.deploy(values.merge(shop.values, {"prometheus": {"extraRules": {"added": broken}}}))

    def refused():
        metrics = shop.forward("prometheus").request("GET", "/metrics").text
        return re.search(r"^prometheus_config_last_reload_successful 0$", metrics, re.MULTILINE)

    eventually(refused, "the refused reload", seconds=240, pause=2)
    eventually(lambda: shop.incident("ConfigurationRefused"), "the incident about it", seconds=120, pause=2)
    assert "AddedByUpgrade" in shop.forward("prometheus").request("GET", "/api/v1/rules").text
    assert set(shop.pods("prometheus")) == pods


def test_an_upgrade_takes_back_what_was_scaled_by_hand(shop):
    shop.namespace.kubectl("scale", "deployment/oims-webhook", "--replicas=0")
    shop.deploy(shop.values)
    assert shop.get("deployment", "webhook")["spec"]["replicas"] == 1


def test_an_upgrade_stops_at_what_was_edited_by_hand_unless_told_to_take_it_back(shop):
    shop.namespace.kubectl("patch", "deployment/oims-webhook", "--patch", '{"spec":{"replicas":0}}')
    with pytest.raises(Refused, match=r"conflict.*\.spec\.replicas"):
        shop.deploy(shop.values)
    shop.deploy(shop.values, "--force-conflicts")
    assert shop.get("deployment", "webhook")["spec"]["replicas"] == 1


@pytest.mark.fault("F26")
def test_a_failed_upgrade_is_rolled_back_and_the_data_stays(shop):
    claims = {item["metadata"]["uid"] for item in shop.namespace.items("pvc")}
    good = shop.values
    broken = values.merge(good, {"webhook": {"image": {"tag": "no-such-tag"}}})
    with pytest.raises(Refused, match=r"rolled back|rollback"):
        shop.deploy(broken, "--rollback-on-failure", seconds=20)
    shop.values = good
    assert "no-such-tag" not in str(shop.get("deployment", "webhook")["spec"])
    eventually(lambda: shop.ready_pods("webhook"), "the old webhook")
    assert shop.has_incident(shop.number, TITLE)
    assert {item["metadata"]["uid"] for item in shop.namespace.items("pvc")} == claims

    shop.deploy(good)  # and forward again
    assert shop.has_incident(shop.number, TITLE)


def end_the_server(release):
    """Tell process 1 to end, which from inside its container can't be killed; the kubelet starts it again."""
    release.execute("app", "web", "python", "-c", "import os, signal; os.kill(1, signal.SIGTERM)")


def kill_the_pod(release):
    """Kill every process of the pod at once."""
    release.namespace.kubectl("delete", "pod", *release.pod_names("app"), "--grace-period=0", "--force")


@pytest.mark.parametrize("kill", [end_the_server, kill_the_pod])
@pytest.mark.fault("F26")
def test_nothing_acknowledged_is_lost_when_the_app_is_killed_while_it_writes(shop, kill):
    with Writer(shop) as writer:
        eventually(lambda: len(writer.acknowledged) >= 10, "the first writes")
        kill(shop)
        written = len(writer.acknowledged)
        eventually(lambda: len(writer.acknowledged) >= written + 10, "writes after the kill", seconds=120)
    for number, title in writer.acknowledged.items():
        assert shop.api(f"/api/v1/incidents/{number}")["title"] == title
