"""Fields of Kubernetes that a value sets win over the chart's own, and leave the others as they are."""

import json

import pytest

from tests.chart.rendering import NAMESPACE, documents, named, of_kind, refusal

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
    "securityContext": {"readOnlyRootFilesystem": False},
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


INIT = [{"name": "wait", "image": "example.org/wait:1"}]
ROLLING = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}


def render(values, folder):
    file = folder / "knobs-values.yaml"
    file.write_text(json.dumps(values))
    return documents(str(file))


@pytest.fixture
def rendered(tmp_path):
    return lambda values: render(values, tmp_path)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """Every part with the same knobs: rendered once."""
    knobs = {"pod": POD, "container": CONTAINER, "extraInitContainers": INIT}
    sets = knobs | {"updateStrategy": ROLLING}
    values = {part: sets if kind == "StatefulSet" else knobs for part, (kind, _) in PARTS.items()}
    values["automation"] = {"inCluster": {"enabled": True, **values.pop("automation")}}
    values |= {"global": {"imagePullSecrets": ["all"]}, "namespaceOverride": "shop"}
    return render(values, tmp_path_factory.mktemp("tuned"))


@pytest.mark.parametrize("part", PARTS)
def test_fields_of_a_pod_and_its_container_win_in_every_part(tuned, part):
    pod = named(tuned, PARTS[part][0], f"oims-{part}")["spec"]["template"]["spec"]
    merged = {"imagePullSecrets", "securityContext"}
    assert {key: pod[key] for key in POD if key not in merged} == {
        key: value for key, value in POD.items() if key not in merged
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
    own = [item for item in [*pod["initContainers"], *pod["containers"]] if item["name"] != "wait"]
    for security in (item["securityContext"] for item in own):
        assert (security["readOnlyRootFilesystem"], security["allowPrivilegeEscalation"]) == (False, False)


@pytest.mark.parametrize("part", PARTS)
def test_init_containers_of_the_users_run_first_in_every_part(tuned, part):
    pod = named(tuned, PARTS[part][0], f"oims-{part}")["spec"]["template"]["spec"]
    first, *rest = pod["initContainers"]
    assert [first] == INIT
    assert [item["name"] for item in rest] == (["migrate"] if part == "app" else [])


@pytest.mark.parametrize("part", [part for part, (kind, _) in PARTS.items() if kind == "StatefulSet"])
def test_stateful_parts_take_an_update_strategy(tuned, part):
    assert named(tuned, "StatefulSet", f"oims-{part}")["spec"]["updateStrategy"] == ROLLING


def test_another_namespace_holds_every_object_and_what_is_said_of_it(tuned):
    assert {item["metadata"]["namespace"] for item in tuned} == {"shop"}
    bindings = of_kind(tuned, "RoleBinding")
    assert {subject["namespace"] for item in bindings for subject in item["subjects"]} == {"shop"}
    automation = named(tuned, "StatefulSet", "oims-automation")["spec"]["template"]["spec"]["containers"][0]
    variables = {item["name"]: item.get("value") for item in automation["env"]}
    assert variables["OIMS_LEASE_NAMESPACE"] == "shop"
    assert NAMESPACE not in json.dumps(tuned)


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


WRONG = {
    "app.pod.containers[0].name=a": "/app/pod': additional properties 'containers' not allowed",
    "webhook.pod.hostNetwork=true": "/webhook/pod': additional properties 'hostNetwork' not allowed",
    "app.container.image=a": "/app/container': additional properties 'image' not allowed",
    "webhook.container.livenessProbe.period=3": "properties 'period' not allowed",
    "app.service.spec.selector.a=b": "properties 'selector' not allowed",
    "app.pdb.minAvailable=half": "/app/pdb/minAvailable",
    "global.ipFamilies[0]=IPv5": "/global/ipFamilies/0",
    "prometheus.updateStrategy.kind=Recreate": "/prometheus/updateStrategy'",
    "alertmanager.extraInitContainers[0].image=a": "extraInitContainers/0': missing property 'name'",
    "namespaceOverride=My_Shop": "/namespaceOverride'",
}


def test_what_is_the_charts_own_or_no_field_is_refused():
    """All at once: each refusal names its place."""
    message = refusal(sets=tuple(WRONG))
    assert [said for said in WRONG.values() if said not in message] == [], message
