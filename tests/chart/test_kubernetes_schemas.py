import pytest
import yaml

from tests.chart import kubernetes_schemas
from tests.chart.kubernetes_schemas import validate
from tests.chart.rendering import VALUES_FILES, documents, text

# Every kind the chart makes; said here, because rendering the chart just to list the tests takes seconds.
KINDS = [
    "ConfigMap",
    "CronJob",
    "Deployment",
    "HTTPRoute",
    "HorizontalPodAutoscaler",
    "Ingress",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "Pod",
    "PodDisruptionBudget",
    "PrometheusRule",
    "Role",
    "RoleBinding",
    "Secret",
    "Service",
    "ServiceAccount",
    "ServiceMonitor",
    "StatefulSet",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
]
BREAKS = {
    "ConfigMap": ("data", ["a list"]),
    "Secret": ("data", ["a list"]),
    "ServiceAccount": ("automountServiceAccountToken", "maybe"),
    "Role": ("rules", "none"),
    "RoleBinding": ("subjects", "none"),
    "Pod": ("spec", {"containers": "none"}),
}


@pytest.mark.parametrize("version", kubernetes_schemas.VERSIONS)
@pytest.mark.compatible("C12")
def test_every_object_of_every_values_file_is_valid(version, tmp_path):
    for values in VALUES_FILES:
        (tmp_path / f"{values}.yaml").write_text(text(values))

    result = validate(version, *tmp_path.glob("*.yaml"))

    summary = result["summary"]
    expected = sum(len(documents(values)) for values in VALUES_FILES)
    assert result.get("resources") in (None, [])
    assert (summary["valid"], summary["invalid"], summary["errors"], summary["skipped"]) == (
        expected,
        0,
        0,
        0,
    )


def test_every_kind_the_chart_makes_is_broken_once():
    assert sorted({item["kind"] for values in VALUES_FILES for item in documents(values)}) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_object_of_each_kind_is_found(kind, tmp_path):
    good = next(item for values in VALUES_FILES for item in documents(values) if item["kind"] == kind)
    key, wrong = BREAKS.get(kind, ("spec", "nothing"))
    for name, broken in {"type": {**good, key: wrong}, "unknown": {**good, "replcas": 1}}.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(broken))

    assert validate("1.37.0", *tmp_path.glob("*.yaml"))["summary"]["invalid"] == 2


def test_the_chart_asks_for_the_oldest_kubernetes_that_is_validated():
    chart = yaml.safe_load((kubernetes_schemas.ROOT / "charts/oims/Chart.yaml").read_text())
    assert chart["kubeVersion"] == f">={kubernetes_schemas.VERSIONS[0]}-0"
