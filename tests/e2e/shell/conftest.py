import json
import subprocess

import pytest

from tests.e2e.patience import patient
from tests.e2e.shell.release import Release


@pytest.fixture(scope="module")
def release():
    nodes = json.loads(
        subprocess.run(
            ["kubectl", "get", "nodes", "-o", "json"], capture_output=True, check=True, timeout=patient(30)
        ).stdout
    )
    images = [
        name
        for node in nodes["items"]
        for image in node["status"]["images"]
        for name in image.get("names") or []
    ]
    image = next(
        (
            name
            for name in images
            if "@" not in name and any(base in name for base in ("/debian:", "/postgres:"))
        ),
        None,
    )
    if image is None:
        pytest.skip("the node holds no Debian image to print lines with")
    release = Release(image)
    yield release
    release.kubectl("delete", "namespace", release.namespace, "--wait=false")
