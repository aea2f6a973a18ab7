"""The command needs Python and nothing else, as its page says."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.server import ROOT


def without_packages(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `oims …` by a Python that finds no installed package."""
    return subprocess.run(
        [sys.executable, "-S", "-P", "-m", "cli", *arguments],
        env={"PYTHONPATH": str(ROOT), "HOME": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_it_says_what_it_can_do(tmp_path: Path) -> None:
    done = without_packages(tmp_path, "--help")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["list"], "OIMS_URL is not set"),
        (["watch", "--once"], "OIMS_URL is not set"),
        (["doctor"], "name at least one of --journal"),
        (["doctor", "--cluster"], "run `make setup`"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_it_says_what_it_lacks_in_a_sentence(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = without_packages(tmp_path, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
