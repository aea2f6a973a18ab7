"""The chart of an early commit with data in it, upgraded to this one, for there is no release yet."""

import os
import subprocess

import pytest

from tests.e2e import values
from tests.e2e.cluster import ROOT, eventually, run
from tests.e2e.patience import patient
from tests.e2e.sink import PORT

pytestmark = [pytest.mark.e2e, pytest.mark.matrix, pytest.mark.timeout(1800)]
COMMIT = "28f6f77"
PARTS = ("app", "webhook")
TITLE = "The cold store is warm"
ALERT = "DoorOpen"
BUILD_SECONDS = 1200
CONTAINER = os.environ.get("CONTAINER", "docker")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Return a folder with the project as it was, its images on the nodes."""
    folder = tmp_path_factory.mktemp("earlier")
    archive = subprocess.run(
        ["git", "archive", COMMIT], cwd=ROOT, capture_output=True, check=False, timeout=patient(60)
    )
    if archive.returncode:
        pytest.skip(f"this clone has no commit {COMMIT}")
    subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True, timeout=patient(60))
    names = [f"oims-{part}:{COMMIT}" for part in PARTS]
    for part, name in zip(PARTS, names, strict=True):
        run(CONTAINER, "build", "--quiet", "--target", part, "--tag", name, folder, timeout=BUILD_SECONDS)
    run(ROOT / "tools/load-images", *names, timeout=BUILD_SECONDS)
    return folder


def of(tag_of):
    """Return values with the images that a function names, and a mail server."""
    smtp = {"host": "sink", "port": PORT, "tls": "none", "to": [values.ON_CALL]}
    return {"app": {"image": tag_of("app"), "smtp": smtp}, "webhook": {"image": tag_of("webhook")}}


@pytest.fixture(scope="module")
def earlier(source, release):
    """The release as it was, with an incident of a person and one of an alert."""
    release.deploy(
        of(lambda part: {"repository": f"oims-{part}", "tag": COMMIT}), chart=source / "charts" / "oims"
    )
    release.number = release.add_incident(TITLE)
    assert release.post_alert(alertname=ALERT).status_code == 200
    eventually(lambda: release.incident(ALERT), "the incident of the alert")
    return release


def test_an_upgrade_keeps_volumes_secrets_and_incidents(earlier):
    claims = {item["metadata"]["uid"] for item in earlier.namespace.items("pvc")}
    secrets = earlier.secrets()
    opened = earlier.incident(ALERT)["id"]

    earlier.deploy(of(values.image))

    assert claims <= {item["metadata"]["uid"] for item in earlier.namespace.items("pvc")}
    for name, data in secrets.items():
        assert data.items() <= earlier.secrets()[name].items()
    assert earlier.has_incident(earlier.number, TITLE)
    assert earlier.incident(ALERT)["id"] == opened


def test_it_goes_on_with_the_journal_it_had(earlier):
    assert earlier.post_alert(alertname="DoorOpenAgain").status_code == 200
    eventually(lambda: earlier.incident("DoorOpenAgain"), "the incident of the next alert")
    assert (
        len([item for item in earlier.api("/api/v1/incidents")["items"] if item["alertname"] == ALERT]) == 1
    )
