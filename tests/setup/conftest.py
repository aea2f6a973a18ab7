"""A machine of its own for the set-up scripts: a PATH that holds only what a test puts there."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# What the scripts may count on anywhere.
SYSTEM = (
    *(
        "awk",
        "bash",
        "cat",
        "chmod",
        "cksum",
        "curl",
        "cut",
        "dirname",
        "git",
        "grep",
        "gzip",
        "head",
        "id",
        "ln",
        "make",
        "mkdir",
        "mktemp",
        "mv",
        "readlink",
        "rm",
    ),
    *("sed", "sh", "sha256sum", "sleep", "sort", "tar", "timeout", "touch", "uname", "wc"),
)


@dataclass(frozen=True)
class Machine:
    """A project folder and a PATH of its own; every stub notes its calls."""

    project: Path
    path: Path
    home: Path
    log: Path

    def stub(self, name, script, *, folder=None):
        """Put a shell script on PATH (or into `folder`) that notes its call, then does `script`."""
        file = (folder or self.path) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        note = f'printf "%s\\n" "{name} $*" | head -n 1 >>"{self.log}"'
        file.write_text(f"#!/bin/sh\n{note}\n{script}\n", encoding="utf-8")
        file.chmod(0o755)
        return file

    def calls(self, name=""):
        """Return the noted calls of the stub `name`, or of all, oldest first."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return [line for line in lines if line.startswith(f"{name} " if name else "")]

    def forget_calls(self):
        self.log.unlink(missing_ok=True)

    def run(self, script, *arguments, **environment):
        """Run a script of the project on this machine."""
        return subprocess.run(
            [self.project / script, *arguments],
            cwd=self.project,
            env={"PATH": str(self.path), "HOME": str(self.home)} | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def pretends(python, prelude):
    """Return a stub of the real interpreter that runs `prelude` before what it is given by -c."""
    return f"""exec "{python}" -c 'import sys; {prelude}; del sys.argv[1]; exec(sys.argv.pop(1))' "$@" """


@pytest.fixture
def machine(tmp_path):
    for name in ("path", "home", "project"):
        (tmp_path / name).mkdir()
    for name in SYSTEM:
        found = shutil.which(name, path=os.defpath + os.pathsep + os.environ["PATH"])
        assert found, f"these tests need {name}"
        (tmp_path / "path" / name).symlink_to(found)
    shutil.copytree(ROOT / "tools", tmp_path / "project/tools", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "uv.lock", tmp_path / "project")
    return Machine(tmp_path / "project", tmp_path / "path", tmp_path / "home", tmp_path / "calls")


@pytest.fixture
def real_python():
    """The interpreter of these tests, which is a CPython >= 3.12."""
    return Path(sys.executable)
