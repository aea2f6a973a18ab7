"""Every setting of a part can be set from the chart: by a value, or there is a reason why not."""

import pytest

import app.config
import automation.config
import webhook.config
from tests.chart.rendering import VALUES_FILES, containers, documents, pods, refusal

PARTS = {
    "app": (app.config.Settings, {"migrate", "web", "worker"}),
    "webhook": (webhook.config.Settings, {"webhook"}),
    "automation": (automation.config.Settings, {"automation"}),
}
EXTRA = "rarely changed: extraEnv"
PORT = "Services, probes and policies know the port"
IMAGE = "the image holds them; automation.inCluster.playbooks adds to them"
WITHOUT_A_VALUE = {
    "app": {
        "cookie_secure": "follows app.baseUrl",
        "metrics_bind": PORT,
        "page_cap": EXTRA,
        "secret_key_old": "needed for one migration, while the key is changed: extraEnv from a Secret",
        "run_lost_after": EXTRA,
        "worker_silent_after": EXTRA,
    },
    "webhook": {
        "heartbeat_interval": "a monitor must be told the same (OIMS_HEARTBEAT_INTERVAL): extraEnv",
        "reconcile_gone_after": EXTRA,
        "reconcile_interval": EXTRA,
        "webhook_metrics_bind": PORT,
    },
    "automation": {
        "allowed_signers_file": "a file that only the user has: extraVolumes and extraEnv",
        "inventory": "a pod repairs workloads of Kubernetes",
        "log_level": EXTRA,
        "playbooks": IMAGE,
        "report_heartbeat": "the rule AutomationSilent goes by it: extraEnv",
        "signal_timeout": EXTRA,
        "stop_grace": "the pod's time to end is made for it: extraEnv",
        "token_end_file": "the kubelet renews a pod's token",
        "warm_ansible": EXTRA,
    },
}


BY_TOKEN = ("external-alertmanager", ("alertmanager.externalLogin.username=",))
RENDERS = [*((values, ()) for values in VALUES_FILES), BY_TOKEN]
FROM_EXTRA_ENV = {"run_lost_after", "reconcile_interval"}
"""In ci/everything-values.yaml."""


def given(names):
    """Return the settings that the chart gives to containers of these names, in any of the renders."""
    found = set()
    for values, sets in RENDERS:
        for pod in pods(documents(values, sets=sets)).values():
            for container in containers(pod):
                if container["name"] in names:
                    found |= {item["name"] for item in container["env"]}
    return {setting(name.removeprefix("OIMS_").lower()) for name in found} - FROM_EXTRA_ENV


def setting(name):
    """Return the name of a setting; a secret that a file may hold has two variables."""
    return name if name in ALWAYS_FILES else name.removesuffix("_file")


ALWAYS_FILES = {"ca_file", "tls_cert_file", "tls_key_file", "allowed_signers_file", "token_end_file"}


@pytest.mark.parametrize("part", PARTS)
def test_a_setting_has_a_value_or_a_reason_why_not(part):
    settings, names = PARTS[part]
    missing = {setting(name) for name in settings.model_fields} - given(names)
    assert missing == set(WITHOUT_A_VALUE[part]), "give it a value in values.yaml, or a reason here"


@pytest.mark.parametrize(
    ("part", "variable"), [("app", "OIMS_RUN_LOST_AFTER"), ("webhook", "OIMS_RECONCILE_INTERVAL")]
)
def test_what_has_no_value_is_set_by_extra_variables(part, variable):
    (pod,) = [pod for name, pod in pods(documents("everything")).items() if name == f"Deployment/oims-{part}"]
    for container in containers(pod):
        assert variable in {item["name"] for item in container["env"]}


def test_the_charts_defaults_are_the_parts_own(monkeypatch):
    """A default that stands in values.yaml must not drift from the one in the code."""
    defaults = {
        name: field.default for settings, _ in PARTS.values() for name, field in settings.model_fields.items()
    }
    same = {
        "OIMS_OIDC_ONLY": "false",
        "OIMS_OIDC_SESSION_AGE": "12h",
        "OIMS_OIDC_TOKEN_AGE": "7d",
        "OIMS_OIDC_IS_SECOND_FACTOR": "false",
        "OIMS_SECOND_FACTOR_ROLES": "",
        "OIMS_APPROVALS_NEED_SECOND_FACTOR": "false",
        "OIMS_REOPEN_WINDOW": "30m",
        "OIMS_API_RATE_LIMIT": "600",
        "OIMS_WEBHOOK_RETENTION_AGE": "30d",
        "OIMS_WEBHOOK_RETENTION_SIZE": "512MiB",
    }
    rendered = {}
    for pod in pods(documents("ingress-tls")).values():
        for container in containers(pod):
            rendered |= {item["name"]: item.get("value") for item in container.get("env", [])}
    assert {name: rendered[name] for name in same} == same
    monkeypatch.setenv("OIMS_SECRET_KEY", "k" * 40)
    for name in ("WEBHOOK_TOKEN", "WEBHOOK_READER_TOKEN", "EVENT_KEY"):
        monkeypatch.setenv(f"OIMS_{name}", name * 5)
    monkeypatch.setenv("OIMS_WEBHOOK_JOURNAL", "/nowhere/journal.db")
    for name, value in same.items():
        if not name.startswith("OIMS_OIDC"):
            monkeypatch.setenv(name, value)
    loaded = [app.config.load(), webhook.config.load()]
    for name in same:
        field = name.removeprefix("OIMS_").lower()
        (settings,) = [one for one in loaded if field in type(one).model_fields]
        assert getattr(settings, field) == defaults[field]


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (("app.oidc.only=true",), "app.oidc.only is true"),
        (("alertmanager.externalLogin.existingSecret=login",), "alertmanager.externalLogin is set without"),
        (
            (
                "alertmanager.enabled=false",
                "alertmanager.externalUrl=http://am:9093",
                "alertmanager.externalLogin.username=oims",
            ),
            "alertmanager.externalLogin.username is set without a password",
        ),
        (("app.alerts.severityWords.p0=urgent",), "severityWords"),
        (("app.secondFactor.roles[0]=root",), "secondFactor"),
        (("app.oidc.sessionAge=soon",), "sessionAge"),
        (("webhook.retention.size=1GB",), "retention"),
    ],
)
def test_a_value_that_cannot_work_is_refused_by_name(sets, said):
    assert said in refusal("default", sets=sets)
