"""Fields of Kubernetes that a value sets win over the chart's own, and leave the others as they are."""

import json

import pytest

from tests.chart.rendering import documents, named, of_kind, refusal

POD = {
    "hostAliases": [{"ip": "10.0.0.7", "hostnames": ["db.internal"]}],
    "dnsConfig": {"options": [{"name": "ndots", "value": "1"}]},
    "priorityClassName": "important",
    "runtimeClassName": "gvisor",
    "terminationGracePeriodSeconds": 90,
    "imagePullSecrets": [{"name": "own"}],
    "securityContext": {"fsGroup": 7},
}
CONTAINER = {
    "livenessProbe": {"periodSeconds": 30},
    "readinessProbe": {"exec": {"command": ["true"]}},
    "lifecycle": {"preStop": {"sleep": {"seconds": 9}}},
}
SCALED = {"database": {"type": "postgres", "postgres": {"bundled": {"enabled": True}}}}
SCALED |= {"webhook": {"journal": {"type": "postgres"}}}
PARTS = {
    "app": ("Deployment", 45),
    "webhook": ("Deployment", 45),
    "prometheus": ("StatefulSet", 120),
    "alertmanager": ("StatefulSet", 30),
    "automation": ("StatefulSet", 60),
}


@pytest.fixture
def rendered(tmp_path):
    def render(values):
        file = tmp_path / "knobs-values.yaml"
        file.write_text(json.dumps(values))
        return documents(str(file))

    return render


def test_fields_of_a_pod_and_its_container_win_in_every_part(rendered):
    tuned = {"pod": POD, "container": CONTAINER}
    objects = rendered(
        {part: tuned for part in PARTS if part != "automation"}
        | {"automation": {"inCluster": {"enabled": True, **tuned}}, "global": {"imagePullSecrets": ["all"]}}
    )
    for part, (kind, _) in PARTS.items():
        pod = named(objects, kind, f"oims-{part}")["spec"]["template"]["spec"]
        assert {key: pod[key] for key in POD if key not in {"imagePullSecrets", "securityContext"}} == {
            key: value for key, value in POD.items() if key not in {"imagePullSecrets", "securityContext"}
        }
        assert pod["imagePullSecrets"] == [{"name": "all"}, {"name": "own"}]
        assert (pod["securityContext"]["fsGroup"], pod["securityContext"]["runAsNonRoot"]) == (7, True)
        container = pod["containers"][0]
        assert container["livenessProbe"]["periodSeconds"] == 30
        assert "httpGet" in container["livenessProbe"]
        assert container["readinessProbe"]["exec"] == {"command": ["true"]}
        assert "httpGet" not in container["readinessProbe"]
        assert container["lifecycle"] == CONTAINER["lifecycle"]
        assert "httpGet" in container["startupProbe"]


def test_a_hook_of_ones_own_takes_the_place_of_the_charts(rendered):
    """Kubernetes refuses a hook with two ways to act."""
    hook = {"exec": {"command": ["true"]}}
    objects = rendered(SCALED | {"app": {"container": {"lifecycle": {"preStop": hook}}}})
    (web, _) = named(objects, "Deployment", "oims-app")["spec"]["template"]["spec"]["containers"]
    assert web["lifecycle"] == {"preStop": hook}


def test_without_them_every_part_keeps_its_own_time_to_end(rendered):
    objects = rendered({"automation": {"inCluster": {"enabled": True}}})
    for part, (kind, grace) in PARTS.items():
        pod = named(objects, kind, f"oims-{part}")["spec"]["template"]["spec"]
        assert pod["terminationGracePeriodSeconds"] == grace


def test_variables_of_a_configmap_reach_every_container_of_the_app(rendered):
    source = [{"configMapRef": {"name": "proxy"}}]
    objects = rendered({"app": {"extraEnvFrom": source}, "webhook": {"extraEnvFrom": source}})
    app = named(objects, "Deployment", "oims-app")["spec"]["template"]["spec"]
    webhook = named(objects, "Deployment", "oims-webhook")["spec"]["template"]["spec"]
    containers = [*app["initContainers"], *app["containers"], *webhook["containers"]]
    assert [container["envFrom"] for container in containers] == [source] * 4


def test_services_take_ip_families_and_the_public_one_its_load_balancer(rendered):
    spec = {
        "loadBalancerClass": "example.org/inner",
        "loadBalancerSourceRanges": ["10.0.0.0/8"],
        "externalTrafficPolicy": "Local",
    }
    objects = rendered(
        {
            "global": {"ipFamilyPolicy": "PreferDualStack", "ipFamilies": ["IPv6", "IPv4"]},
            "app": {"service": {"type": "LoadBalancer", "spec": spec, "labels": {"zone": "inner"}}},
        }
    )
    for service in of_kind(objects, "Service"):
        assert service["spec"]["ipFamilyPolicy"] == "PreferDualStack"
        assert service["spec"]["ipFamilies"] == ["IPv6", "IPv4"]
    app = named(objects, "Service", "oims-app")
    assert spec.items() <= app["spec"].items()
    assert app["metadata"]["labels"]["zone"] == "inner"


def test_budgets_and_autoscaling_can_be_tuned(rendered):
    behavior = {"scaleDown": {"stabilizationWindowSeconds": 60}}
    pdb = {"minAvailable": "50%", "unhealthyPodEvictionPolicy": "AlwaysAllow"}
    objects = rendered(
        SCALED
        | {"app": {"pdb": pdb, "autoscaling": {"enabled": True, "targetMemory": 80, "behavior": behavior}}}
    )
    budget = named(objects, "PodDisruptionBudget", "oims-app")["spec"]
    assert pdb.items() <= budget.items()
    assert "maxUnavailable" not in budget
    scaler = named(objects, "HorizontalPodAutoscaler", "oims-app")["spec"]
    targets = {
        metric["resource"]["name"]: metric["resource"]["target"]["averageUtilization"]
        for metric in scaler["metrics"]
    }
    assert targets == {"cpu": 75, "memory": 80}
    assert scaler["behavior"] == behavior
    other = named(objects, "PodDisruptionBudget", "oims-webhook")["spec"]
    assert other["maxUnavailable"] == 1


def test_an_update_strategy_is_taken_where_there_may_be_two_writers(rendered):
    own = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "50%", "maxUnavailable": 1}}
    objects = rendered(SCALED | {"app": {"strategy": own}})
    assert named(objects, "Deployment", "oims-app")["spec"]["strategy"] == own
    assert named(objects, "Deployment", "oims-webhook")["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == 1
    message = refusal(sets=("app.strategy.type=RollingUpdate", "webhook.strategy.type=RollingUpdate"))
    assert "app.strategy.type is RollingUpdate, but a SQLite file has one writer" in message
    assert "webhook.strategy.type is RollingUpdate" in message
    message = refusal(sets=("app.strategy.rollingUpdate.maxSurge=1",))
    assert "app.strategy.type is RollingUpdate" in message, "the default of Kubernetes"


def test_accounts_take_labels_and_pods_their_token(rendered):
    objects = rendered(
        {"app": {"serviceAccount": {"labels": {"iam": "a"}}, "pod": {"automountServiceAccountToken": True}}}
    )
    assert named(objects, "ServiceAccount", "oims-app")["metadata"]["labels"]["iam"] == "a"
    pod = named(objects, "Deployment", "oims-app")["spec"]["template"]["spec"]
    assert pod["automountServiceAccountToken"] is True


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("app.pod.containers[0].name=a", "properties 'containers' not allowed"),
        ("app.pod.hostNetwork=true", "properties 'hostNetwork' not allowed"),
        ("app.container.image=a", "properties 'image' not allowed"),
        ("app.container.livenessProbe.period=3", "properties 'period' not allowed"),
        ("app.service.spec.selector.a=b", "properties 'selector' not allowed"),
        ("app.pdb.minAvailable=half", "/app/pdb/minAvailable"),
        ("global.ipFamilies[0]=IPv5", "/global/ipFamilies/0"),
    ],
)
def test_what_is_the_charts_own_or_no_field_is_refused(setting, said):
    assert said in refusal(sets=(setting,))
