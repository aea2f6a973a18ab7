import hashlib
import tarfile

import pytest

from tests.chart import rendering
from tests.chart.rendering import CHART, documents
from tests.registry import oci_registry


def package(folder):
    folder.mkdir()
    done = rendering.run_helm(
        "package", str(CHART), "--destination", str(folder), env={"SOURCE_DATE_EPOCH": "1"}
    )
    assert done.returncode == 0, done.stderr
    (file,) = folder.glob("*.tgz")
    return file


def test_the_same_source_makes_the_same_package(tmp_path):
    digests = {hashlib.sha256(package(tmp_path / name).read_bytes()).hexdigest() for name in ("a", "b")}
    assert len(digests) == 1


def test_the_package_holds_what_is_installed_and_no_tests(tmp_path):
    file = package(tmp_path / "package")
    with tarfile.open(file) as archive:
        names = {name.removeprefix("oims/") for name in archive.getnames()}
    assert {"Chart.yaml", "README.md", "values.yaml", "values.schema.json", "files/rules/app.yml"} <= names
    assert not [name for name in names if name.startswith(("ci/", "files/rules-tests/"))]


def test_the_package_renders_like_the_source(tmp_path):
    file = package(tmp_path / "package")
    kinds = [documents("gitops", chart=chart) for chart in (CHART, file)]
    assert kinds[0] == kinds[1]


@pytest.fixture
def registry():
    with oci_registry() as address:
        yield address


def test_the_package_renders_alike_from_an_oci_registry(tmp_path, registry):
    file, place = package(tmp_path / "package"), f"oci://{registry}/charts"
    pushed = rendering.run_helm("push", str(file), place, "--plain-http")
    assert pushed.returncode == 0, pushed.stderr
    rendered = rendering.run_helm(
        *("template", "oims", f"{place}/oims", "--version", "0.1.0", "--plain-http"),
        *("--namespace", rendering.NAMESPACE, "--kube-version", rendering.KUBE_VERSION),
        *("--values", str(CHART / "ci" / "gitops-values.yaml")),
        *(part for group in rendering.CRDS for part in ("--api-versions", group)),
    )
    assert rendered.returncode == 0, rendered.stderr
    assert rendered.stdout == rendering.text("gitops")
