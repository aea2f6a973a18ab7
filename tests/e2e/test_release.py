"""A release, made into a registry of this machine and installed from nothing but that."""

import json
import os
import shutil
import socket
import subprocess
import sys

import pytest
import yaml

from tests.e2e.cluster import CHART, ROOT, run
from tests.e2e.patience import patient
from tests.e2e.release import STEPS
from tests.registry import oci_registry

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]
VERSION = "0.9.0-rc.1"
OTHERS = ("prometheus", "alertmanager")
CONTAINER = os.environ.get("CONTAINER") or "docker"


def node_is_this_machine():
    """Whether the cluster's one node can reach a registry that listens on this machine's loopback."""
    nodes = json.loads(run("kubectl", "get", "nodes", "--output", "json"))["items"]
    addresses = [
        address["address"]
        for node in nodes
        for address in node["status"]["addresses"]
        if address["type"] == "InternalIP"
    ]
    if len(addresses) != 1:
        return False
    with socket.socket() as own:
        try:
            own.bind((addresses[0], 0))
        except OSError:
            return False
    return True


@pytest.fixture(scope="module")
def place():
    """Where the release goes: a registry in memory, or the one that E2E_REGISTRY names for other clusters."""
    named = os.environ.get("E2E_REGISTRY")
    if named:
        yield named
        return
    if not node_is_this_machine():
        pytest.skip("the nodes reach no registry of this machine; name one that they do by E2E_REGISTRY")
    with oci_registry() as address:
        yield f"{address}/oims"


@pytest.fixture(scope="module")
def made(place, tmp_path_factory):
    """The folder that `make release` leaves, made from a clone of the commit."""
    clone = tmp_path_factory.mktemp("clone") / "oims"
    run("git", "clone", "--quiet", str(ROOT), str(clone))
    (clone / ".tools/bin").mkdir(parents=True)
    shutil.copy(ROOT / ".tools/bin/helm", clone / ".tools/bin/helm")
    run(
        *(sys.executable, "-m", "tools.release", VERSION, place),
        cwd=clone,
        environment={"PLAIN_HTTP": "1"},
        timeout=patient(900),
    )
    yield clone / "dist" / VERSION
    for part in ("app", "webhook", "automation"):
        for name in (f"oims-{part}:{VERSION}", f"{place}/oims-{part}:{VERSION}"):
            subprocess.run([CONTAINER, "rmi", name], capture_output=True, check=False)


@pytest.fixture(scope="module")
def mirrored(place):
    """The images of others that the chart names, in the same registry and with a label more.

    With the label they have another id. A node that has pulled an image with a preloaded one's id asks its
    registry about the preloaded one from then on, and other tests could not start it any more.
    """
    chart = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    for name in OTHERS:
        image = chart[name]["image"]
        there = f"{place}/{image['repository']}:{image['tag']}"
        labelled = f"FROM {image['repository']}:{image['tag']}\nLABEL mirrored=yes\n"
        run(CONTAINER, "build", "--quiet", "--tag", there, "-", stdin=labelled)
        run(CONTAINER, "push", there, timeout=patient(300))
        run(CONTAINER, "rmi", there)


def test_what_a_release_leaves_is_complete_and_checksummed(made, place):
    names = {path.name for path in made.iterdir()}
    bills = {f"oims-{part}.cdx.json" for part in ("app", "webhook", "automation")}
    assert names == bills | {f"oims-{VERSION}.tgz", "images.txt", "notes.md", "SHA256SUMS"}
    checked = run("sha256sum", "--check", "SHA256SUMS", cwd=made)
    assert checked.count(": OK") == len(names) - 1
    assert (made / "images.txt").read_text().count(f"{place}/oims-") == 3
    assert f"## [{VERSION}]" in (made.parents[1] / "CHANGELOG.md").read_text()


@pytest.mark.parametrize(
    ("part", "contents"),
    [
        ("app", {"flask", "sqlalchemy", "cpython", "libc6"}),
        ("webhook", {"tornado", "cpython", "libc6"}),
        ("automation", {"ansible-core", "kubernetes.core", "cpython", "libc6"}),
    ],
)
def test_the_bill_of_an_image_names_what_is_in_it(made, part, contents):
    bill = json.loads((made / f"oims-{part}.cdx.json").read_text())
    assert (bill["bomFormat"], bill["metadata"]["component"]["version"]) == ("CycloneDX", VERSION)
    assert contents <= {component["name"].lower() for component in bill["components"]}


def test_the_release_is_installed_from_nothing_but_its_registry(made, mirrored, place, release):
    release.helm(
        *("install", release.name, f"oci://{place}/charts/oims", "--version", VERSION, "--plain-http"),
        *(part for name in OTHERS for part in ("--set", f"{name}.image.registry={place}")),
        *("--wait", "--timeout", f"{patient(300)}s"),
        timeout=patient(330),
    )
    ours = (made / "images.txt").read_text()
    images = {
        container["image"]
        for pod in release.namespace.items("pods", **{"app.kubernetes.io/instance": release.name})
        for container in pod["spec"]["containers"] + pod["spec"].get("initContainers", [])
    }
    assert all(image.startswith(f"{place}/") for image in images), images
    named = {image for image in images if "/oims-" in image}
    assert len(named) == 2, "app and webhook; automation is on a host"
    assert all(image.partition("@")[2] in ours for image in named)
    assert release.test() == [*STEPS]
