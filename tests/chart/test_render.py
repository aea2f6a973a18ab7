import base64
import re

import pytest
import yaml
from yamllint import linter
from yamllint.config import YamlLintConfig

from tests.chart import rendering
from tests.chart.rendering import VALUES_FILES, documents, of_kind, text

LONGEST_RELEASE = "a" * 52 + "b"
# A key without a value is a template that came to nothing.
CLEAN = YamlLintConfig(
    "{rules: {key-duplicates: enable, empty-values: enable, truthy: enable, colons: enable, hyphens: enable, "
    "indentation: {indent-sequences: whatever}}}"
)
LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


@pytest.mark.parametrize("values", VALUES_FILES)
@pytest.mark.parametrize("helm", ["helm", "helm3"])
def test_it_passes_a_strict_lint(helm, values):
    file = str(rendering.CHART / "ci" / f"{values}-values.yaml")
    if values in {"operator", "httproute", "everything"}:
        pytest.skip("lint cannot be told which CRDs there are; test_it_renders_alike covers these values")
    done = rendering.run_helm(
        "lint", "--strict", str(rendering.CHART), "--values", file, "--kube-version", "1.37.0", helm=helm
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("values", VALUES_FILES)
def test_it_renders_alike_with_helm_4_and_3(values):
    without_secrets = [
        [item for item in documents(values, helm=helm) if item["kind"] != "Secret"]
        for helm in ("helm", "helm3")
    ]
    assert without_secrets[0] == without_secrets[1]


@pytest.mark.parametrize("values", VALUES_FILES)
def test_two_renders_differ_in_generated_secrets_only(values):
    again = tuple(item for item in yaml.safe_load_all(rendering.text_of(values)) if item)
    for first, second in zip(documents(values), again, strict=True):
        if first["kind"] == "Secret":
            first, second = ({**item, "data": sorted(item["data"])} for item in (first, second))  # noqa: PLW2901
        assert first == second


@pytest.mark.parametrize("values", VALUES_FILES)
def test_every_object_is_labelled_and_in_the_namespace(values):
    for item in documents(values):
        if item["metadata"]["name"] in {"as-a-map", "incident-mgmt-as-a-string"}:
            continue
        is_of_cluster = item["kind"].startswith("ValidatingAdmissionPolicy")
        assert ("namespace" in item["metadata"]) != is_of_cluster, item["metadata"]["name"]
        labels = item["metadata"]["labels"]
        assert {
            f"app.kubernetes.io/{name}"
            for name in ("name", "instance", "component", "part-of", "version", "managed-by")
        } <= set(labels)
        assert all(isinstance(value, str) and LABEL.fullmatch(value) for value in labels.values()), labels


@pytest.mark.parametrize("values", VALUES_FILES)
def test_every_name_fits_with_the_longest_release_name(values):
    for item in documents(values, release=LONGEST_RELEASE):
        # A StatefulSet's pods carry a hash of eleven characters in a label.
        limit = 52 if item["kind"] == "StatefulSet" else 63
        assert len(item["metadata"]["name"]) <= limit, item["metadata"]["name"]
        for value in item["metadata"].get("labels", {}).values():
            assert len(value) <= 63


def test_two_releases_in_one_namespace_share_no_name_and_no_selector():
    first, second = (
        documents("postgres-bundled", release="blue"),
        documents("postgres-bundled", release="green"),
    )

    def names(objects):
        return {(item["kind"], item["metadata"]["namespace"], item["metadata"]["name"]) for item in objects}

    assert not names(first) & names(second)
    for item in first:
        selector = item["spec"].get("selector") if "spec" in item else None
        if selector:
            matched = selector.get("matchLabels", selector)
            for other in rendering.pods(second).values():
                assert not matched.items() <= other["metadata"]["labels"].items()


def test_no_two_objects_of_a_render_have_the_same_name():
    for values in VALUES_FILES:
        keys = [
            (item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"])
            for item in documents(values)
        ]
        assert len(keys) == len(set(keys)), values


def test_default_names_are_the_documented_ones():
    workloads = {
        (item["kind"], item["metadata"]["name"])
        for item in of_kind(documents("default"), "Deployment", "StatefulSet", "Service")
    }
    assert {
        ("Deployment", "oims-app"),
        ("Deployment", "oims-webhook"),
        ("StatefulSet", "oims-prometheus"),
        ("StatefulSet", "oims-alertmanager"),
        *(("Service", f"oims-{name}") for name in ("app", "webhook", "prometheus", "alertmanager")),
    } <= workloads


def test_the_chart_has_no_dependency_crd_or_install_hook():
    chart = yaml.safe_load((rendering.CHART / "Chart.yaml").read_text())
    assert "dependencies" not in chart
    assert not (rendering.CHART / "crds").exists()
    for values in VALUES_FILES:
        hooks = {item["metadata"].get("annotations", {}).get("helm.sh/hook") for item in documents(values)}
        assert hooks <= {None, "test"}


def test_the_chart_introduces_itself_without_a_host():
    chart = yaml.safe_load((rendering.CHART / "Chart.yaml").read_text())
    icon = (rendering.CHART.parents[1] / "app/web/static/favicon-calm.svg").read_bytes()
    assert chart["icon"] == f"data:image/svg+xml;base64,{base64.b64encode(icon).decode()}"
    assert chart["maintainers"]
    assert chart["annotations"]["artifacthub.io/category"] == "monitoring-logging"


def test_the_chart_announces_the_images_of_others_that_it_runs():
    chart = yaml.safe_load((rendering.CHART / "Chart.yaml").read_text())
    announced = {item["image"] for item in yaml.safe_load(chart["annotations"]["artifacthub.io/images"])}
    run = {
        container["image"]
        for pod in rendering.pods(documents("postgres-bundled")).values()
        for container in rendering.containers(pod)
    }
    assert {image for image in run if not image.startswith("oims-")} == announced


def test_extra_objects_are_rendered_and_strings_are_templates():
    names = {item["metadata"]["name"] for item in of_kind(documents("everything"), "ConfigMap")}
    assert {"as-a-map", "incident-mgmt-as-a-string"} <= names


@pytest.mark.parametrize("values", ["default", "everything", "gitops", "operator"])  # every template
def test_yamllint_finds_nothing_in_the_rendered_text(values):
    assert [str(problem) for problem in linter.run(text(values), CLEAN)] == []


def test_nothing_of_a_values_file_is_lost_to_a_typo_in_the_text():
    assert "<no value>" not in "".join(text(values) for values in VALUES_FILES)
