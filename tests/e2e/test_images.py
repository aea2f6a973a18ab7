"""The images that were built: small, and with nothing in them that a web-facing container must not have."""

import json
import os

import pytest

from tests.e2e import values
from tests.e2e.cluster import run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
CONTAINER = os.environ.get("CONTAINER", "docker")
BASE = os.environ.get("PYTHON_IMAGE") or "python:3.12-slim-bookworm"
MEGABYTES_ON_TOP = {"webhook": 40, "app": 120, "automation": 250}
"""Of the app's 114 uvloop takes 16, Apprise 9 and aiohttp, which pywebpush needs, 7."""
COMPILERS = {"cc", "gcc", "clang", "make", "uv"}
FILES = """
import os
for folder, folders, files in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/sys")]
    print("\\n".join(os.path.join(folder, name) for name in folders + files))
"""


def name_of(part):
    found = values.image(part)
    return f"{found['repository']}:{found['tag']}"


def inspect(name):
    return json.loads(run(CONTAINER, "image", "inspect", name))[0]


def added(part):
    """Return the paths in a part's image that its base has not."""

    def paths(image):
        command = ("run", "--rm", "--network=none", "--user=0", "--entrypoint=python", image, "-c", FILES)
        return set(run(CONTAINER, *command).splitlines())

    return paths(name_of(part)) - paths(BASE)


@pytest.mark.parametrize("part", MEGABYTES_ON_TOP)
def test_an_image_adds_no_more_than_it_may(part):
    size = (inspect(name_of(part))["Size"] - inspect(BASE)["Size"]) / 1e6
    assert size <= MEGABYTES_ON_TOP[part]


@pytest.mark.parametrize("part", MEGABYTES_ON_TOP)
def test_an_image_says_what_it_is_and_runs_as_nobody(part):
    config = inspect(name_of(part))["Config"]
    assert config["User"] == "10001:10001"
    assert {"org.opencontainers.image.version", "org.opencontainers.image.revision"} <= set(config["Labels"])


@pytest.mark.parametrize(
    ("part", "forbidden"),
    [
        ("webhook", {"kubectl", "ansible", "kubernetes"}),
        ("app", {"kubectl", "ansible", "kubernetes"}),
        ("automation", set()),
    ],
)
def test_an_image_brings_no_compiler_no_tests_of_ours_and_no_rights(part, forbidden):
    paths = added(part)
    names = {path.rpartition("/")[2].lower() for path in paths}
    assert {"config.py"} <= names
    assert not names & (COMPILERS | forbidden | {".git", ".env", "kubeconfig"})
    assert not [path for path in paths if path.startswith(("/opt/oims/tests", "/opt/oims/.git"))]
