"""What Ansible may read in the playbooks folder: its digest, and a private copy that equals the digest.

Everything in the folder counts, since a playbook may include any of it. What is left out of the digest is
left out of the copy, and Ansible is only ever started in a copy: so nothing is read that was not compared.
"""

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from automation.errors import ConfigurationError
from automation.policy.owners import LEFT_OUT

MOST_FILES = 50_000
MOST_BYTES = 512 << 20
MANIFEST = "MANIFEST"
SIGNATURE = "MANIFEST.sig"
SHOWN = 5


@dataclass(frozen=True)
class Contents:
    """The files of a playbooks folder: the SHA-256 and the mode of each, by its path in the folder."""

    files: Mapping[str, tuple[str, str]]

    @property
    def digest(self) -> str:
        """One SHA-256 of all of it."""
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()

    @property
    def lines(self) -> list[str]:
        """One line for each file: SHA-256, mode, path."""
        return [f"{found} {mode} {name!r}" for name, (found, mode) in sorted(self.files.items())]

    def difference(self, before: "Contents") -> str:
        """Name the files that differ, the first few of them."""
        names = sorted(
            name
            for name in self.files.keys() | before.files.keys()
            if self.files.get(name) != before.files.get(name)
        )
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        return ", ".join(names[:SHOWN]) + more


def read_contents(playbooks: Path, policy: Path, copy: Path | None = None) -> Contents:
    """Read the folder, without the policy and its signature; with `copy`, write what was read there.

    `copy` is made with mode 0700. Each file is read once: the copy holds exactly what the digest says.
    Raises ConfigurationError when something in it is no plain file, leaves the folder or cannot be read.
    """
    found: dict[str, tuple[str, str]] = {}
    size = 0
    if copy:
        copy.mkdir(mode=0o700, parents=True)
    for path in _walk(playbooks):
        name = str(path.relative_to(playbooks))
        if path == policy or name in {MANIFEST, SIGNATURE}:
            continue
        data, mode = _read(path, playbooks, MOST_BYTES - size)
        size += len(data)
        if len(found) >= MOST_FILES:
            raise ConfigurationError(
                f"{playbooks} has more than {MOST_FILES} files: keep only playbooks there"
            )
        found[name] = hashlib.sha256(data).hexdigest(), mode
        if copy:
            _write(copy, name, data, mode)
    return Contents(found)


def _walk(playbooks: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise ConfigurationError(f"{error.filename}: cannot be read: {error.strerror}") from None

    for folder, folders, files in os.walk(playbooks, onerror=refuse):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        yield from (Path(folder, name) for name in sorted(files) if name not in LEFT_OUT)


def _read(path: Path, playbooks: Path, most: int) -> tuple[bytes, str]:
    """Return a file's bytes, and its mode as far as Ansible may act on it: whether it is a program."""
    real = path.resolve()
    if not real.is_relative_to(playbooks.resolve()):
        raise ConfigurationError(f"{path} is a link that leaves the folder: put the file itself there")
    try:
        descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise ConfigurationError(f"{path} is not a regular file: remove it from the playbooks folder")
        data = file.read(most + 1)
    if len(data) > most:
        raise ConfigurationError(
            f"{playbooks} holds more than {MOST_BYTES >> 20} MiB: keep only playbooks and what they use there"
        )
    return data, "0755" if info.st_mode & stat.S_IXUSR else "0644"


def _write(copy: Path, name: str, data: bytes, mode: str) -> None:
    for folder in reversed(Path(name).parents):
        (copy / folder).mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(copy / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, int(mode, 8) & 0o700)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
