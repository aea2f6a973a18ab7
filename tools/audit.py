"""Looks for known holes in what is locked: `make audit`.

One line for each kind of dependency: ok, FAILED with the findings, or not checked with the reason: a missing
tool, or advisory data that cannot be reached. Exit status 1 on a finding only.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SECONDS = int(os.environ.get("AUDIT_SECONDS", "300"))
"""How long one checker may take; without a network some try for long."""
NO_DATA = "no network to the advisory data"
NOT_DONE = 124
FOUND_BY_GOVULNCHECK, FOUND_BY_OSV_SCANNER = 3, 1


@dataclass(frozen=True)
class Outcome:
    """What a check came to: findings, or why there was none; neither when all is well."""

    findings: tuple[str, ...] = ()
    not_checked: str = ""


def main() -> int:
    """Run every check and say how it went."""
    found = False
    for name, check in CHECKS.items():
        outcome = check()
        found = found or bool(outcome.findings)
        if outcome.not_checked:
            sys.stdout.write(f"-       {name:12} not checked: {outcome.not_checked}\n")
            continue
        sys.stdout.write(f"{'FAILED' if outcome.findings else 'ok':7} {name}\n")
        sys.stdout.writelines(f"        {finding}\n" for finding in outcome.findings)
    return int(found)


def python_packages() -> Outcome:
    """Ask pip-audit about every version of uv.lock."""
    locked, status = _run("uv", "export", "--frozen", "--all-groups", "--no-hashes", "--quiet")
    if status:
        return Outcome(not_checked="uv.lock cannot be read")
    requirements = ROOT / ".cache" / "audit" / "requirements.txt"
    requirements.parent.mkdir(parents=True, exist_ok=True)
    requirements.write_text(locked, encoding="utf-8")
    options = ["--no-deps", "--disable-pip", "--progress-spinner=off", "--format=json", "--timeout=10"]
    words, _ = _run("pip-audit", *options, f"--requirement={requirements}")
    try:
        packages = json.loads(words)["dependencies"]
    except (ValueError, KeyError):
        return Outcome(not_checked=NO_DATA)
    return Outcome(
        tuple(
            f"{package['name']} {package['version']}: {hole['id']},"
            f" mended in {', '.join(hole['fix_versions']) or 'no version'}"
            for package in packages
            for hole in package.get("vulns", ())
        )
    )


def go_modules() -> Outcome:
    """Ask govulncheck about each tool that is built here."""
    if shutil.which("govulncheck", path=_path()) is None:
        return Outcome(not_checked="govulncheck is not installed")
    findings: list[str] = []
    for module in sorted((ROOT / "tools").glob("*/go.mod")):
        words, status = _run("govulncheck", "-C", str(module.parent), "-scan=module")
        if status == FOUND_BY_GOVULNCHECK:
            findings += [line.strip() for line in words.splitlines() if line.startswith("Vulnerability #")]
        elif status:
            return Outcome(not_checked=NO_DATA)
    return Outcome(tuple(findings))


def lock_files() -> Outcome:
    """Ask osv-scanner about every lock file."""
    if shutil.which("osv-scanner", path=_path()) is None:
        return Outcome(not_checked="osv-scanner is not installed")
    files = [ROOT / "uv.lock", *sorted((ROOT / "tools").glob("*/go.mod"))]
    words, status = _run("osv-scanner", "scan", "source", *(f"--lockfile={file}" for file in files))
    if status == FOUND_BY_OSV_SCANNER:
        return Outcome(tuple(line for line in words.splitlines() if "osv.dev" in line))
    return Outcome(not_checked=NO_DATA) if status else Outcome()


CHECKS: dict[str, Callable[[], Outcome]] = {
    "pip-audit": python_packages,
    "govulncheck": go_modules,
    "osv-scanner": lock_files,
}


def _run(*command: str) -> tuple[str, int]:
    """Run a checker; return what it printed and its exit status, 124 if it took too long or is missing."""
    environment = os.environ | {"PATH": _path()}
    try:
        done = subprocess.run(  # noqa: S603 - the checkers named above
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return "", NOT_DONE
    return done.stdout, done.returncode


def _path() -> str:
    own = [str(Path(sys.executable).parent), str(ROOT / ".tools" / "bin")]
    return os.pathsep.join([*own, os.environ.get("PATH", os.defpath)])


if __name__ == "__main__":
    sys.exit(main())
