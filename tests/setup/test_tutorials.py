"""A tutorial works as it stands: its commands are pasted into one shell."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_a_reader_writes_a_remedy_and_arms_it(tmp_path):
    page = (ROOT / "docs/tutorials/your-own-remedy.md").read_text()
    done = subprocess.run(
        ["bash", "-c", "set -euo pipefail\n" + "".join(BLOCK.findall(page))],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    decided = re.findall(r"^(?:decision|reason) +(\S+)", done.stdout, re.MULTILINE)
    assert decided == ["declined", "shadow", "run", "-"]
