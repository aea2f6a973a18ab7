"""Whatever the schema allows renders to valid objects, or is refused in a sentence."""

import json

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.chart.drawn import values
from tests.chart.kubernetes_schemas import validate
from tests.chart.rendering import (
    VALUES_FILES,
    Failed,
    StrictLoader,
    documents,
    named,
    of_kind,
    refusal,
    text_of,
)

RELEASES = ("oims", "shop", "2026", "1e3", "my.shop", "a" * 53)
ODD = {"2026", "1e3", "my.shop"}
"""They cannot begin the name of a Service."""
NAMESPACES = ("incident-mgmt", "2026", "1e3", "null")
REFUSED = "problem(s) in the values:"


@pytest.mark.slow
def test_values_of_the_schema_render_to_valid_objects_or_are_refused_in_a_sentence(tmp_path):
    rendered = 0
    file = tmp_path / "drawn-values.yaml"

    @settings(
        max_examples=24, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        st.sampled_from(VALUES_FILES), st.sampled_from(RELEASES), st.sampled_from(NAMESPACES), values(most=40)
    )
    def render(base, release, namespace, drawn):
        if release in ODD:
            drawn = drawn | {"fullnameOverride": "oims"}
        file.write_text(json.dumps(drawn, ensure_ascii=False))
        result = text_of(base, str(file), release=release, namespace=namespace)
        if isinstance(result, Failed):
            assert REFUSED in result.message, f"{result.message}\n{json.dumps(drawn)}"
            return
        for item in yaml.load_all(result, StrictLoader):
            assert item is None or isinstance(item["metadata"].get("namespace", namespace), str)
        nonlocal rendered
        rendered += 1
        (tmp_path / f"{rendered}.yaml").write_text(result)

    render()
    file.unlink()
    result = validate("1.37.0", *tmp_path.glob("*.yaml"), skip="Certificate")
    assert result.get("resources") in (None, []), result["resources"][:3]
    assert rendered >= 8, f"only {rendered} of the examples were not refused"


@pytest.mark.parametrize(
    ("release", "drawn", "said"),
    [
        ("2026", {}, "2026-oims cannot begin the names of Services"),
        ("my.shop", {}, "my.shop-oims cannot begin the names of Services"),
        ("oims", {"global": {"commonLabels": {"team": 7}}}, "'/global/commonLabels/team': got number"),
        ("oims", {"app": {"extraEnv": [{"name": "A", "value": 7}]}}, "'/app/extraEnv/0/value': got number"),
        ("oims", {"app": {"extraEnv": [{"value": "7"}]}}, "'/app/extraEnv/0': missing property 'name'"),
        ("oims", {"app": {"podLabels": {"team": "a b"}}}, "'/app/podLabels/team'"),
        ("oims", {"app": {"tolerations": [{"efect": "NoSchedule"}]}}, "properties 'efect' not allowed"),
        ("oims", {"app": {"podLabels": {"app.kubernetes.io/part-of": "shop"}}}, "app.podLabels sets app.kub"),
        ("oims", {"global": {"commonLabels": {"helm.sh/chart": "a"}}}, "global.commonLabels sets helm.sh/ch"),
        ("oims", {"global": {"imagePullSecrets": [{"nam": "a"}]}}, "properties 'nam' not allowed"),
        ("oims", {"fullnameOverride": "My_OIMS"}, "'/fullnameOverride'"),
    ],
)
def test_what_would_render_to_something_else_is_refused_by_name(tmp_path, release, drawn, said):
    file = tmp_path / "wrong-values.yaml"
    file.write_text(json.dumps(drawn))
    assert said in refusal(str(file), release=release)


def test_odd_names_labels_in_two_places_and_plain_pull_secrets_are_taken(tmp_path):
    labels = {"release": "common", "team": "a"}
    drawn = {
        "fullnameOverride": "oims",
        "global": {"commonLabels": labels, "imagePullSecrets": ["first", {"name": "1e3"}]},
        "monitoring": {"serviceMonitor": {"enabled": True, "labels": {"release": "own"}}},
        "app": {"podLabels": {"release": "pod"}, "apiRateLimit": 2_000_000},
    }
    file = tmp_path / "odd-values.yaml"
    file.write_text(json.dumps(drawn))
    objects = documents(str(file), release="1e3", namespace="2026")
    assert {item["metadata"]["namespace"] for item in objects} == {"2026"}
    assert {item["metadata"]["labels"]["app.kubernetes.io/instance"] for item in objects} == {"1e3"}
    monitors = of_kind(objects, "ServiceMonitor")
    assert {item["metadata"]["labels"]["release"] for item in monitors} == {"own"}
    pod = named(objects, "Deployment", "oims-app")["spec"]["template"]
    assert (pod["metadata"]["labels"]["release"], pod["metadata"]["labels"]["team"]) == ("pod", "a")
    assert pod["spec"]["imagePullSecrets"] == [{"name": "first"}, {"name": "1e3"}]
    variables = {item["name"]: item.get("value") for item in pod["spec"]["containers"][0]["env"]}
    assert variables["OIMS_API_RATE_LIMIT"] == "2000000"
