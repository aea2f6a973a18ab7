"""Releases a version: the three images and the chart go to a registry, what describes them to dist/VERSION.

Builds and pushes oims-app, oims-webhook and oims-automation. Packages the chart so that it names these images
by registry and digest, and pushes it as an OCI artifact to REGISTRY/charts/oims. In dist/VERSION it leaves
the chart, a CycloneDX bill of materials per image, the images' names, the changelog's section, and SHA256SUMS
of all of them. CHANGELOG.md gets the section of the version, for you to commit and tag.

usage: python -m tools.release VERSION REGISTRY     as in 0.2.0 registry.example.org/oims
settings, from the environment:
  CONTAINER       docker (default) or podman
  PYTHON_IMAGE    see tools/images
  PLAIN_HTTP=1    for a registry without TLS, as on this machine
exit status: 0 released, 1 it failed, 2 wrong use
"""

import datetime as dt
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools import changelog, sbom

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("app", "webhook", "automation")
# Helm takes a + for a chart's version but no registry takes it for a tag.
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z]+(\.[0-9A-Za-z]+)*)?")
REGISTRY = re.compile(r"[a-z0-9][-a-z0-9.]*(:[0-9]{1,5})?(/[a-z0-9][-a-z0-9._]*)*")
SECONDS = 1800


class ReleaseError(Exception):
    """The release cannot be made; the message says why."""


def run(*command: str, **environment: str) -> str:
    """Return what a command prints; its progress goes to stderr.

    Raises:
        ReleaseError: it is missing, failed or took longer than half an hour.

    """
    try:
        done = subprocess.run(  # noqa: S603 - a tool that builds and pushes
            command,
            cwd=ROOT,
            env=os.environ | environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ReleaseError(f"{command[0]}: {error}") from None
    return done.stdout.strip()


def container(*arguments: str) -> str:
    """Run the tool that builds images. Raises ReleaseError."""
    return run(os.environ.get("CONTAINER") or "docker", *arguments)


def push(part: str, version: str, registry: str) -> str:
    """Push the image of a part and return its digest. Raises ReleaseError."""
    name = f"{registry}/oims-{part}"
    container("tag", f"oims-{part}:{version}", f"{name}:{version}")
    container("push", f"{name}:{version}")
    listed = container("image", "inspect", "--format", '{{join .RepoDigests "\\n"}}', f"{name}:{version}")
    found = re.search(rf"^{re.escape(name)}@(sha256:[0-9a-f]{{64}})$", listed, re.MULTILINE)
    if found is None:
        raise ReleaseError(f"the registry named no digest for {name}:{version}")
    return found[1]


def pinned_values(text: str, registry: str, digests: dict[str, str]) -> str:
    """Return the chart's values with registry and digest of each part's image, and all comments.

    Raises:
        ReleaseError: the values name the image of a part in no way that is known here.

    """
    for part, digest in digests.items():
        block = re.compile(
            rf'registry: ""(?P<name>\n(?:.*\n){{1,2}}? +repository: oims-{part}\n'
            r'(?:.*\n){1,5}? +digest: )""'
        )
        text, count = block.subn(rf'registry: "{registry}"\g<name>"{digest}"', text)
        if count == 0:
            raise ReleaseError(f"charts/oims/values.yaml has no image of {part}")
    return text


def package_chart(version: str, registry: str, digests: dict[str, str], out: Path) -> Path:
    """Package the chart for this release. Raises ReleaseError."""
    with tempfile.TemporaryDirectory() as folder:
        chart = Path(folder, "oims")
        shutil.copytree(ROOT / "charts/oims", chart)
        values = chart / "values.yaml"
        values.write_text(
            pinned_values(values.read_text(encoding="utf-8"), registry, digests), encoding="utf-8"
        )
        helm(
            *("package", str(chart), "--version", version, "--app-version", version),
            *("--destination", str(out)),
        )
    return out / f"oims-{version}.tgz"


def helm(*arguments: str) -> str:
    """Run the helm of this project. Raises ReleaseError."""
    return run(str(ROOT / ".tools/bin/helm"), *arguments)


def push_chart(package: Path, registry: str) -> None:
    """Push the chart. Raises ReleaseError."""
    plain = ["--plain-http"] if os.environ.get("PLAIN_HTTP") == "1" else []
    helm("push", str(package), f"oci://{registry}/charts", *plain)


def checksums(folder: Path) -> str:
    """Return the SHA-256 of each file, in the form that `sha256sum --check` reads."""
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    return "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files)


def release(version: str, registry: str) -> Path:
    """Make the release and return the folder that describes it.

    Raises:
        ReleaseError: a step failed; what was pushed before stays pushed.
        NoSectionError: the changelog says nothing about the version.
        ImageError: an image could not be read for its bill of materials.

    """
    if run("git", "status", "--porcelain"):
        raise ReleaseError("there are changes that are not committed: a release is made of a commit")
    log = ROOT / "CHANGELOG.md"
    text, notes = changelog.released(
        log.read_text(encoding="utf-8"), version, dt.datetime.now(dt.UTC).date().isoformat()
    )
    out = ROOT / "dist" / version
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    run("tools/images", TAG=version, VERSION=version)
    digests = {}
    for part in PARTS:
        bill = sbom.of_image(f"oims-{part}:{version}", version)
        (out / f"oims-{part}.cdx.json").write_text(bill, encoding="utf-8")
        digests[part] = push(part, version, registry)
    push_chart(package_chart(version, registry, digests, out), registry)
    names = "".join(f"{registry}/oims-{part}:{version}@{digest}\n" for part, digest in digests.items())
    (out / "images.txt").write_text(names, encoding="utf-8")
    (out / "notes.md").write_text(notes + "\n", encoding="utf-8")
    (out / "SHA256SUMS").write_text(checksums(out), encoding="utf-8")
    log.write_text(text, encoding="utf-8")
    return out


def main() -> int:
    """Release the version on the command line."""
    arguments = sys.argv[1:]
    if (
        len(arguments) != 2  # noqa: PLR2004 - the two of the usage
        or not VERSION.fullmatch(arguments[0])
        or not REGISTRY.fullmatch(arguments[1])
    ):
        sys.stderr.write("release: make release VERSION=0.2.0 REGISTRY=registry.example.org/oims\n")
        return 2
    version, registry = arguments
    try:
        out = release(version, registry)
    except (ReleaseError, changelog.NoSectionError, sbom.ImageError) as error:
        sys.stderr.write(f"release: {error}\n")
        return 1
    sys.stderr.write(
        f"release: {version} is at {registry}; see {out.relative_to(ROOT)}.\n"
        f"release: commit CHANGELOG.md and tag the commit v{version}\n"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
