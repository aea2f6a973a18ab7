"""`make audit`: a finding fails it; a checker or its data that is missing is said, and fails nothing."""

import json
import os
import stat
import subprocess
import sys

import pytest

from tools.audit import NO_DATA, ROOT

FOUND = {
    "dependencies": [
        {"name": "flask", "version": "1", "vulns": []},
        {"name": "pyyaml", "version": "3", "vulns": [{"id": "PYSEC-1", "fix_versions": ["5.4"]}]},
    ]
}


@pytest.fixture
def audit(tmp_path):
    """Runs the audit with checkers that print what they are told and end with a status."""

    def run(**checkers):
        programs = {"uv": ("flask==1", 0)} | {name.replace("_", "-"): told for name, told in checkers.items()}
        for name, (words, status) in programs.items():
            (tmp_path / f"{name}.out").write_text(words)
            script = tmp_path / name
            script.write_text(f"#!/bin/sh\ncat '{script}.out'\nexit {status}\n")
            script.chmod(script.stat().st_mode | stat.S_IXUSR)
        # A link to the interpreter's folder would bring the real checkers.
        code = (
            f"import sys; sys.executable = '{tmp_path}/python'; import tools.audit as a; sys.exit(a.main())"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={"PATH": f"{tmp_path}{os.pathsep}/usr/bin{os.pathsep}/bin", "AUDIT_SECONDS": "20"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        return done.returncode, done.stdout

    return run


@pytest.mark.threat("T30")
def test_a_known_hole_fails_and_is_named_with_its_mend(audit):
    status, text = audit(pip_audit=(json.dumps(FOUND), 1))

    assert status == 1
    assert "FAILED  pip-audit" in text
    assert "pyyaml 3: PYSEC-1, mended in 5.4" in text


@pytest.mark.threat("T30")
def test_without_the_advisory_data_it_says_so_and_fails_nothing(audit):
    status, text = audit(pip_audit=("", 1), osv_scanner=("", 127), govulncheck=("", 1))

    assert status == 0
    for name in ("pip-audit", "osv-scanner", "govulncheck"):
        assert any(line.startswith(f"-       {name}") and NO_DATA in line for line in text.splitlines()), text


def test_without_a_checker_it_says_so(audit):
    _, text = audit(pip_audit=(json.dumps({"dependencies": []}), 0))

    assert "ok      pip-audit" in text
    assert "govulncheck is not installed" in text.replace("  ", " ")


def test_the_other_checkers_fail_it_too(audit):
    good = (json.dumps({"dependencies": []}), 0)
    assert audit(pip_audit=good, govulncheck=("Vulnerability #1: GO-2026-1", 3))[0] == 1
    assert audit(pip_audit=good, govulncheck=("", 0), osv_scanner=("| https://osv.dev/GHSA-1 |", 1))[0] == 1
