"""Imports point down and never in a circle: the contracts hold, and one import turned round breaks them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("app", "automation", "cli", "contract", "demo", "gate", "serving", "webhook")
TURNED = {
    "records know use cases": ("app/records/incidents.py", "app.incidents.service"),
    "use cases know pages": ("app/incidents/service.py", "app.web.pages"),
    "use cases know the API": ("app/notify/outbox.py", "app.api.schemas.base"),
    "base knows records": ("app/text.py", "app.records.incidents"),
    "pages know the API": ("app/web/incidents/routes.py", "app.api.schemas.base"),
    "two nouns know each other": ("app/maintenance/service.py", "app.incidents.service"),
    "two nouns of the pages know each other": ("app/web/incidents/forms.py", "app.web.reviews.forms"),
    "the ledger knows deciding": ("automation/ledger/database.py", "automation.decide.rules"),
    "the contract knows a part": ("contract/limits.py", "webhook.journal"),
    "a part knows another": ("automation/config.py", "app.config"),
    "the command line serves": ("cli/write.py", "serving"),
}


def lint_imports(folder):
    """Run import-linter with the project's contracts on the packages in a folder."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Our packages beside the contracts, to be changed."""
    folder = tmp_path_factory.mktemp("floors")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", "static", "templates")
        shutil.copytree(ROOT / package, folder / package, ignore=ignored)
    return folder


def test_the_contracts_hold(copy):
    status, said = lint_imports(copy)

    assert status == 0, said


@pytest.mark.parametrize(("path", "module"), TURNED.values(), ids=TURNED.keys())
def test_an_import_that_is_turned_round_breaks_a_contract(copy, path, module):
    file = copy / path
    text = file.read_text()
    file.write_text(f"{text}\nimport {module}\n")
    try:
        status, said = lint_imports(copy)
    finally:
        file.write_text(text)

    assert status == 1
    assert "BROKEN" in said
