"""Pins the base image and the images of others by digest: what a tag names today, whatever it names tomorrow.

Writes the digest behind ``ARG PYTHON_IMAGE`` in the Dockerfile and into ``digest:`` of each image with a tag
in the chart's values.yaml. Done at a release, where the public registries can be reached; `make docs` comes
after it.

usage: python -m tools.digests     CONTAINER=podman: another tool than docker to ask with
exit status: 0 written, 1 an image could not be had
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
BASE = re.compile(r"^ARG PYTHON_IMAGE=(?P<image>[^@\n]+)(?:@\S+)?$", re.MULTILINE)
IMAGE = re.compile(
    r"^(?P<head> +registry: (?P<registry>\S+)\n(?:.*\n){1,2}? +repository: (?P<repository>\S+)\n"
    r"(?:.*\n){1,2}? +tag: (?P<tag>[^\s\"]+)\n(?:.*\n){1,3}? +digest: )\S+$",
    re.MULTILINE,
)
PULL_SECONDS = 600


class DigestError(Exception):
    """An image could not be had; the message names it."""


def ask(*command: str) -> str:
    """Return what a command prints. Raises what subprocess.run raises."""
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=PULL_SECONDS)  # noqa: S603 - a tool that builds images
    return done.stdout


def digest_of(image: str) -> str:
    """Pull an image and return its digest in the registry. Raises DigestError."""
    tool = os.environ.get("CONTAINER") or "docker"
    try:
        ask(tool, "pull", "--quiet", image)
        shown = ask(tool, "image", "inspect", "--format", '{{join .RepoDigests "\\n"}}', image)
    except FileNotFoundError:
        raise DigestError(
            f"{tool} is not installed; install it, or name another by CONTAINER=podman"
        ) from None
    except subprocess.TimeoutExpired:
        raise DigestError(f"{image}: no answer within {PULL_SECONDS} s; check the network") from None
    except subprocess.CalledProcessError as error:
        raise DigestError(f"{image}: {tool} cannot pull it: {error.stderr.strip()}") from None
    found = DIGEST.search(shown)
    if found is None:
        raise DigestError(
            f"{image}: it has no digest of a registry; it was built here, remove it and pull it"
        )
    return found[0]


def pinned_dockerfile(text: str, digest: Callable[[str], str]) -> str:
    """Return the Dockerfile with the base image's digest."""
    return BASE.sub(lambda match: f"ARG PYTHON_IMAGE={match['image']}@{digest(match['image'])}", text)


def pinned_values(text: str, digest: Callable[[str], str]) -> str:
    """Return the values with the digest of each image that has a registry and a tag."""
    return IMAGE.sub(
        lambda match: match["head"] + digest(f"{match['registry']}/{match['repository']}:{match['tag']}"),
        text,
    )


def main() -> int:
    """Write both files, or neither."""
    files = {ROOT / "Dockerfile": pinned_dockerfile, ROOT / "charts/oims/values.yaml": pinned_values}
    try:
        changed = {path: pin(path.read_text(encoding="utf-8"), digest_of) for path, pin in files.items()}
    except DigestError as error:
        sys.stderr.write(f"digests: {error}\n")
        return 1
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
