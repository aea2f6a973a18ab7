"""Writes the CycloneDX bill of materials of an image: what is in it, read from the image itself.

Lists the Python distributions of the image's environment, the Ansible collections copied into it, Debian's
packages and CPython.

usage: python -m tools.sbom IMAGE VERSION     CONTAINER=podman: another tool than docker to run it with
exit status: 0 written to stdout, 1 the image could not be read
"""

import json
import os
import subprocess
import sys

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

SECONDS = 120

# Runs inside the image: the standard library only.
READER = r"""
import importlib.metadata as metadata, json, pathlib, platform, re, sysconfig
def python():
    for found in metadata.distributions():
        text = found.metadata.get("License-Expression") or ""
        yield {"type": "pypi", "name": found.name, "version": found.version, "license": text}
def collections():
    site = pathlib.Path(sysconfig.get_path("purelib"))
    for file in site.glob("ansible_collections/*/*/MANIFEST.json"):
        info = json.loads(file.read_text(encoding="utf-8"))["collection_info"]
        name = info["namespace"] + "." + info["name"]
        yield {"type": "generic", "name": name, "version": info["version"], "license": ""}
def debian():
    status = pathlib.Path("/var/lib/dpkg/status")
    for entry in status.read_text(encoding="utf-8").split("\n\n") if status.exists() else ():
        fields = dict(re.findall(r"^(Package|Version|Architecture|Status): (.*)$", entry, re.MULTILINE))
        if fields.get("Status", "").endswith(" installed"):
            yield {"type": "deb", "name": fields["Package"], "version": fields["Version"], "license": "",
                   "arch": fields["Architecture"]}
version = platform.python_version()
cpython = {"type": "generic", "name": "cpython", "version": version, "license": "PSF-2.0"}
print(json.dumps([cpython, *python(), *collections(), *debian()]))
"""


class ImageError(Exception):
    """An image could not be read; the message says why."""


def read(*python: str) -> list[dict[str, str]]:
    """Return what an interpreter's environment and system hold; `python` is the command that starts it.

    Raises:
        ImageError: it does not start, or gives no answer in time.

    """
    try:
        done = subprocess.run([*python, "-c", READER], check=True, capture_output=True, timeout=SECONDS)  # noqa: S603 - a tool that runs images
    except (OSError, subprocess.SubprocessError) as error:
        words = getattr(error, "stderr", None) or str(error).encode()
        raise ImageError(words.decode(errors="replace").strip()) from None
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


def component(found: dict[str, str], licenses: LicenseFactory) -> Component:
    """Return one entry of the bill."""
    deb = found["type"] == "deb"
    purl = PackageURL(
        found["type"],
        "debian" if deb else None,
        found["name"],
        found["version"],
        {"arch": found["arch"]} if deb else None,
    )
    return Component(
        name=found["name"],
        version=found["version"],
        type=ComponentType.LIBRARY,
        purl=purl,
        bom_ref=purl.to_string(),
        licenses=[licenses.make_from_string(found["license"])] if found["license"] else None,
    )


def document(name: str, version: str, found: list[dict[str, str]]) -> str:
    """Return the bill of materials of an image as CycloneDX 1.6 in JSON."""
    root = Component(name=name, version=version, type=ComponentType.CONTAINER, bom_ref=name)
    licenses = LicenseFactory()
    components = {entry.bom_ref.value: entry for entry in (component(item, licenses) for item in found)}
    bom = Bom(components=components.values())
    bom.metadata.component = root
    bom.register_dependency(root, components.values())
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2) + "\n"


def of_image(image: str, version: str) -> str:
    """Return the bill of materials of an image that this machine holds. Raises ImageError."""
    tool = os.environ.get("CONTAINER") or "docker"
    name = image.rpartition("/")[2].partition(":")[0].partition("@")[0]
    return document(name, version, read(tool, "run", "--rm", "--network=none", "--entrypoint=python", image))


def main() -> int:
    """Write the bill of the image named on the command line."""
    try:
        _, image, version = sys.argv
        sys.stdout.write(of_image(image, version))
    except ValueError:
        print("usage: python -m tools.sbom IMAGE VERSION", file=sys.stderr)  # noqa: T201 - a command
        return 2
    except ImageError as error:
        print(f"sbom: {error}", file=sys.stderr)  # noqa: T201 - a command
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
