"""A policy in the values that the automation would refuse is refused before anything is installed."""

import pytest
import yaml

from automation.cli.permissions import needed_rights
from automation.errors import ConfigurationError
from automation.policy.load import load_policy
from automation.policy.schemas import Mode, Policy
from tests.chart.rendering import ROOT, documents, named, refusal

SHOP = {"kind": "Deployment", "namespace": "shop", "name": "cart"}
REMEDY = {"alert": "CartDown", "playbook": "restart_oims.yml", "target": SHOP}
TARGETS = {"shop": ["cart", "DaemonSet/*"], "lab": []}


@pytest.fixture
def values(tmp_path):
    def write(policy, **in_cluster):
        file = tmp_path / "policy-values.yaml"
        automation = {
            "targets": {"namespaces": TARGETS},
            "inCluster": {"enabled": True, "policy": policy, **in_cluster},
        }
        file.write_text(yaml.safe_dump({"automation": automation}))
        return str(file)

    return write


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"remedies": [REMEDY | {"playbok": "x.yml"}]}, "remedies/0': additional properties 'playbok'"),
        ({"remedies": [{"alert": "CartDown", "target": SHOP}]}, "remedies/0': missing property 'playbook'"),
        ({"remedies": [REMEDY | {"cooldown": 300}]}, "remedies/0/cooldown': got number, want string"),
        ({"remedies": [REMEDY | {"mode": "automatic"}]}, "remedies/0/mode': value must be one of"),
        ({"remedies": [REMEDY | {"target": SHOP | {"kind": "Job"}}]}, "remedies/0/target/kind'"),
        ({"remedies": [], "limit": {}}, "additional properties 'limit'"),
        ({"limits": {"concurrent_runs": 0}, "remedies": []}, "limits/concurrent_runs'"),
    ],
)
def test_a_typo_in_a_policy_is_refused_with_its_place(values, tmp_path, policy, said):
    message = refusal(values(policy))
    assert "/automation/inCluster/policy" in message
    assert said in message
    file = tmp_path / "policy.yml"
    file.write_text(yaml.safe_dump(policy))
    with pytest.raises(ConfigurationError):  # and the automation would have refused it, too
        load_policy(file, ROOT / "playbooks")


def repairs(kind, namespace, name, **rest):
    return REMEDY | {"target": {"kind": kind, "namespace": namespace, "name": name}, **rest}


def test_a_target_that_the_values_do_not_list_is_refused_with_what_to_add(values):
    allowed = [
        REMEDY,
        repairs("DaemonSet", "shop", "agent"),
        repairs("Deployment", "lab", "any"),
        repairs("Deployment", "incident-mgmt", "oims-app"),
        repairs("Deployment", "shop", "web", mode=False),  # a bare `off`, as YAML reads it
    ]
    refused = [
        repairs("Deployment", "shop", {"label": "app", "allow": ["cart", "card"]}),
        repairs("StatefulSet", "lab", "db"),
        repairs("Deployment", "incident-mgt", "oims-app"),
    ]
    objects = documents(values({"remedies": allowed}))
    written = yaml.safe_load(named(objects, "ConfigMap", "oims-automation")["data"]["policy.yml"])
    assert written["remedies"] == allowed
    policy = {"remedies": [*allowed, *refused]}
    message = refusal(values(policy))
    assert "3 problem(s)" in message
    assert "remedies[5], for the alert CartDown, repairs Deployment card in the namespace shop" in message
    assert "add StatefulSet/db to automation.targets.namespaces.lab" in message
    assert "add oims-app to automation.targets.namespaces.incident-mgt, or correct the target" in message
    # With an account of the user's own, its rights are the user's.
    documents(values(policy, serviceAccount={"create": False, "name": "mine"}, replicas=0))


OWNED = {"owner_of": "pod", "namespaces": ["shop"]}


def test_the_owner_of_a_pod_may_be_any_kind_that_the_values_list_whole(values):
    agents = REMEDY | {"target": OWNED | {"kinds": ["DaemonSet"]}}
    carts = REMEDY | {"target": OWNED | {"kinds": ["Deployment"], "workloads": ["cart"]}}
    documents(values({"remedies": [agents, carts]}))

    message = refusal(values({"remedies": [REMEDY | {"target": OWNED}]}))

    assert "2 problem(s)" in message
    assert "add * to automation.targets.namespaces.shop" in message
    assert "add StatefulSet/* to automation.targets.namespaces.shop" in message


def test_a_policy_may_have_steps_in_the_place_of_a_playbook(values):
    steps = {"alert": "CartDown", "steps": ["restart_oims.yml", "rollback_oims.yml"], "target": SHOP}
    documents(values({"remedies": [steps]}))
    assert "remedies/0'" in refusal(values({"remedies": [steps | {"playbook": "restart_oims.yml"}]}))


LIBRARY = ("automation.inCluster.enabled=true", "automation.library=kube-prometheus")


def test_the_library_follows_the_policy_in_shadow_for_the_namespaces_listed_whole(tmp_path, values):
    objects = documents(values({"remedies": [REMEDY]}), sets=LIBRARY)
    written = yaml.safe_load(named(objects, "ConfigMap", "oims-automation")["data"]["policy.yml"])
    own, *brought = written["remedies"]
    assert own == REMEDY
    assert len(brought) >= 8
    assert written["limits"]["breaker"]["targets"] == 5
    assert {remedy["mode"] for remedy in brought} == {"shadow"}
    assert {tuple(remedy["target"]["namespaces"]) for remedy in brought} == {("lab",)}
    file = tmp_path / "policy.yml"
    file.write_text(yaml.safe_dump(written))
    load_policy(file, ROOT / "playbooks")


def test_the_library_brings_the_rights_that_its_remedies_need(values):
    objects = documents(values({"remedies": []}), sets=LIBRARY)
    written = yaml.safe_load(named(objects, "ConfigMap", "oims-automation")["data"]["policy.yml"])
    rules = [
        item["rules"] for item in objects if item["kind"] == "Role" and item["metadata"]["namespace"] == "lab"
    ]
    given = {
        (verb, f"{resource}.{group}".rstrip("."))
        for role in rules
        for rule in role
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    needed = {(right.verb, right.resource) for right in needed_rights(Policy.model_validate(written))}
    assert needed <= given


def test_a_library_without_a_namespace_says_where_to_add_one():
    assert "automation.targets.namespaces has no namespace with an empty list" in refusal(
        "default", sets=LIBRARY
    )


def test_the_library_as_a_file_is_a_policy_that_the_automation_takes():
    policy = load_policy(ROOT / "charts/oims/files/policies/kube-prometheus.yml", ROOT / "playbooks")
    assert {remedy.mode for remedy in policy.remedies} == {Mode.SHADOW}
