"""What more than one contract is tried with."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def program():
    """The Alertmanager that `make tools` builds, or one on PATH."""
    built = Path(__file__).parents[2] / ".tools" / "bin" / "alertmanager"
    path = str(built) if built.exists() else shutil.which("alertmanager")
    assert path, "there is no Alertmanager; run: make tools"
    return path
