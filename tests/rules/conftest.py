import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def promtool():
    """The pinned promtool: Debian's is too old to know the options that are used here."""
    search = f"{ROOT / '.tools/bin'}{os.pathsep}{os.environ['PATH']}"
    found = shutil.which("promtool", path=search)
    assert found, "promtool is missing: run `make tools`"
    return found
