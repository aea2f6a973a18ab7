"""`oims doctor --cluster`: what keeps a release from running, and the command to run."""

from collections.abc import Iterator
from dataclasses import asdict

from cli.doctor.release import Release, read
from cli.doctor.workloads import Part, examine
from cli.errors import REFUSED
from cli.terminal import clean
from cli.write import print_json, print_line


def run(name: str, namespace: str, *, as_json: bool) -> int:
    """Look at every part of the release; return the exit status.

    Raises:
        CommandError: the cluster can't be asked, or has no such release.

    """
    release = read(name, namespace)
    parts = examine(release)
    if as_json:
        print_json({"ok": all(part.is_well for part in parts), "parts": [asdict(part) for part in parts]})
    else:
        for line in _lines(release, parts):
            print_line(line)
    return 0 if all(part.is_well for part in parts) else REFUSED


def _lines(release: Release, parts: list[Part]) -> Iterator[str]:
    for part in parts:
        word = "ok      " if part.is_well else "FAILED  "
        yield f"{word}{clean(part.name):20} {part.ready} of {part.wanted} pods are ready"
        for finding in part.findings:
            yield f"        {clean(finding.sentence)}"
            yield f"        To do: {clean(finding.command)}"
    if release.secrets is None:
        yield "-       Secrets are not checked: this account may not list them."
    ill = [part.name for part in parts if not part.is_well]
    yield (f"Not well: {', '.join(ill)}" if ill else f"Every part of {release.name} is ready.")
