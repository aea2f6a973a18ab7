"""A policy in the values that the automation would refuse is refused before anything is installed."""

import pytest
import yaml

from automation.errors import ConfigurationError
from automation.policy.load import load_policy
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
