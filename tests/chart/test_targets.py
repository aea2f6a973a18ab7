"""What a repair may touch follows from the values, for each kind of workload."""

import pytest

from tests.chart.rendering import documents, named, of_kind

READS = {
    ("autoscaling", "horizontalpodautoscalers"): ("list",),
    ("", "events"): ("list",),
    ("", "pods"): ("get", "list"),
    ("", "pods/log"): ("get",),
}


def role_in(namespace, objects):
    (role,) = [one for one in of_kind(objects, "Role") if one["metadata"]["namespace"] == namespace]
    return role


def rights(namespace, *listed):
    """What the Role in a namespace gives: group and resource to verbs, with the names it is limited to."""
    sets = [f"automation.targets.namespaces.{namespace}[{n}]={one}" for n, one in enumerate(listed)]
    role = role_in(namespace, documents("default", sets=tuple(sets)))
    given = {}
    for rule in role["rules"]:
        for resource in rule["resources"]:
            verbs, names = given.get((rule["apiGroups"][0], resource), ((), None))
            given[rule["apiGroups"][0], resource] = (
                tuple(sorted({*verbs, *rule["verbs"]})),
                names or rule.get("resourceNames"),
            )
    return given


def changes(given):
    return {resource: names for (_, resource), (verbs, names) in given.items() if "patch" in verbs}


@pytest.mark.parametrize(
    ("listed", "changed", "history"),
    [
        (["cart"], {"deployments": ["cart"], "deployments/scale": ["cart"]}, {"replicasets"}),
        (["StatefulSet/db"], {"statefulsets": ["db"], "statefulsets/scale": ["db"]}, {"controllerrevisions"}),
        (["DaemonSet/*"], {"daemonsets": None}, {"controllerrevisions"}),
        (
            ["cart", "Deployment/web", "DaemonSet/agent"],
            {
                "deployments": ["cart", "web"],
                "deployments/scale": ["cart", "web"],
                "daemonsets": ["agent"],
            },
            {"replicasets", "controllerrevisions"},
        ),
        (["cart", "*"], {"deployments": None, "deployments/scale": None}, {"replicasets"}),
    ],
    ids=["a name", "a StatefulSet", "every DaemonSet", "several kinds", "every Deployment"],
)
@pytest.mark.threat("T10")
def test_a_listed_workload_may_be_repaired_and_no_other(listed, changed, history):
    given = rights("shop", *listed)
    assert changes(given) == changed
    assert {key: verbs for key, (verbs, _) in given.items() if key[0] != "apps"} == READS
    read = {
        resource for (group, resource), (verbs, _) in given.items() if group == "apps" and verbs == ("list",)
    }
    assert read == history


def test_an_empty_list_is_every_deployment_as_before():
    rules = role_in("lab", documents("automation-in-cluster"))["rules"]
    (rule,) = [rule for rule in rules if "patch" in rule["verbs"]]
    assert rule == {
        "apiGroups": ["apps"],
        "resources": ["deployments", "deployments/scale"],
        "verbs": ["get", "patch", "list"],
    }


def test_playbooks_of_the_values_stand_beside_those_of_the_image_as_single_files():
    objects = documents("automation-in-cluster")
    kept = named(objects, "ConfigMap", "oims-playbooks")
    assert "oims_target_name" in kept["data"]["say.yml"]
    pods = named(objects, "StatefulSet", "oims-automation")["spec"]["template"]["spec"]
    mounts = pods["containers"][0]["volumeMounts"]
    (mount,) = [mount for mount in mounts if mount["name"] == "playbooks"]
    assert (mount["mountPath"], mount["subPath"]) == ("/opt/oims/playbooks/say.yml", "say.yml")
    (volume,) = [volume for volume in pods["volumes"] if volume["name"] == "playbooks"]
    assert volume["configMap"]["name"] == kept["metadata"]["name"]
