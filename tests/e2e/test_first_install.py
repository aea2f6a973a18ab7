"""A first install that lacks something: `oims doctor --cluster` says what, and what to do."""

import json
import subprocess
import sys

import pytest

from tests.e2e import values
from tests.e2e.cluster import CHART, ROOT, eventually
from tests.e2e.patience import patient

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
LACKING = {
    "app": {"auth": {"existingSecret": "nobody-made-me"}},
    "webhook": {"image": {"repository": "nowhere.invalid/oims-webhook"}},
    "alertmanager": {"persistence": {"storageClass": "no-such-class"}},
}

MISSING = ("nobody-made-me", "nowhere.invalid/oims-webhook", "no-such-class")


@pytest.fixture(scope="module")
def incomplete(release, tmp_path_factory):
    """A release of which three parts cannot start."""
    file = tmp_path_factory.mktemp("values") / "values.json"
    file.write_text(json.dumps(values.merge(values.base(), LACKING)))
    release.helm("install", release.name, str(CHART), "--values", str(file))
    return release


def doctor(release):
    """Return the doctor's exit status and words."""
    command = [sys.executable, "-m", "cli", "doctor", "--cluster", "--namespace", release.namespace.name]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=patient(120)
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode, done.stdout


def test_the_doctor_names_all_that_is_missing(incomplete):
    def named():
        status, said = doctor(incomplete)
        return status == 1 and all(words in said for words in MISSING)

    eventually(named, f"{MISSING} in what the doctor says", pause=2)
