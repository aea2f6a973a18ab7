"""Digests are filled by one command and reach every place that names an image."""

import re

import pytest
import yaml

from tests.chart.rendering import CHART, ROOT, containers, documents, pods
from tools.digests import pinned_dockerfile, pinned_values

ONE, TWO = "sha256:" + "1" * 64, "sha256:" + "2" * 64
OF_OTHERS = {
    "docker.io/prom/prometheus:v3.14.0",
    "docker.io/prom/alertmanager:v0.34.0",
    "docker.io/library/postgres:18-bookworm",
}


def test_every_image_of_others_gets_its_digest_and_a_newer_one_replaces_it():
    text = (CHART / "values.yaml").read_text()
    asked = set()

    def digest(image):
        asked.add(image)
        return ONE

    once = pinned_values(text, digest)
    assert asked == OF_OTHERS
    assert once.count(ONE) == len(OF_OTHERS)
    assert pinned_values(once, lambda _: TWO) == once.replace(ONE, TWO)
    changed = yaml.safe_load(once)
    assert changed["prometheus"]["image"]["digest"] == changed["alertmanager"]["image"]["digest"] == ONE
    assert changed["database"]["postgres"]["bundled"]["image"]["digest"] == ONE


def test_the_base_image_gets_its_digest_and_a_newer_one_replaces_it():
    text = "ARG PYTHON_IMAGE=python:3.12-slim-bookworm\nFROM ${PYTHON_IMAGE} AS build\n"
    once = pinned_dockerfile(text, lambda image: {"python:3.12-slim-bookworm": ONE}[image])
    assert once.startswith(f"ARG PYTHON_IMAGE=python:3.12-slim-bookworm@{ONE}\n")
    assert pinned_dockerfile(once, lambda _: TWO) == once.replace(ONE, TWO)
    assert pinned_dockerfile((ROOT / "Dockerfile").read_text(), lambda _: ONE).count(ONE) == 1


@pytest.mark.parametrize(
    "image",
    [
        "app.image",
        "webhook.image",
        "automation.inCluster.image",
        "prometheus.image",
        "alertmanager.image",
        "database.postgres.bundled.image",
    ],
)
@pytest.mark.threat("T25")
def test_a_digest_names_each_image_instead_of_its_tag(image):
    objects = documents("everything", sets=(f"{image}.digest={ONE}", f"{image}.tag=old"))
    names = {container["image"] for pod in pods(objects).values() for container in containers(pod)}
    assert [name for name in names if name.endswith(f"@{ONE}")]
    assert not [name for name in names if name.endswith(":old")]


@pytest.mark.threat("T25")
def test_uv_is_installed_into_images_by_its_hashes():
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^RUN pip install --quiet --require-hashes -r /build/uv.txt$", dockerfile, re.MULTILINE)
    assert "uv==" not in dockerfile
    assert "!tools/uv.txt" in (ROOT / ".dockerignore").read_text().splitlines()
