"""The playbooks folder: who could change it, what it holds, and the copy in which Ansible works."""

import os
import shutil
from pathlib import Path

from automation.config import Settings
from automation.errors import ConfigurationError
from automation.policy.contents import Contents, read_contents
from automation.policy.load import digest_problem
from automation.policy.owners import LEFT_OUT, folder_problems
from automation.policy.signature import check_signature

UNREADABLE = "unreadable"


class Folder:
    """One playbooks folder, and what it held when automation was started."""

    def __init__(self, settings: Settings) -> None:
        """Read and check the folder. Raises ConfigurationError."""
        self.path, self._policy = settings.playbooks, settings.policy_file
        self._signers = settings.allowed_signers_file
        self._seen: tuple[object, str] | None = None
        self.at_start = self._checked(None)

    def digest(self) -> str:
        """Return the digest of what the folder holds now; UNREADABLE if it cannot be read."""
        try:
            seen = _stamp(self.path)
            if self._seen is None or self._seen[0] != seen:
                self._seen = seen, read_contents(self.path, self._policy).digest
        except (ConfigurationError, OSError):
            return UNREADABLE
        return self._seen[1]

    def copy_to(self, copy: Path, *wanted: str | None) -> Contents:
        """Write a private copy of what the folder holds now, if every digest in `wanted` is that of it.

        Raises ConfigurationError, and leaves no copy, when others could have changed the folder, when it is
        not signed as it must be, or when it was changed since somebody looked at it.
        """
        try:
            found = self._checked(copy)
            for digest in filter(None, wanted):
                self._compare(found, digest)
        except ConfigurationError:
            shutil.rmtree(copy, ignore_errors=True)
            raise
        return found

    def changes(self) -> str:
        """Name what was changed in the folder since the start. Raises ConfigurationError."""
        return read_contents(self.path, self._policy).difference(self.at_start)

    def _checked(self, copy: Path | None) -> Contents:
        if problems := folder_problems(self.path, self._policy, self._signers):
            raise ConfigurationError("\n".join(problems))
        found = read_contents(self.path, self._policy, copy)
        if self._signers:
            check_signature(found, self.path, self._policy, self._signers)
        return found

    def _compare(self, found: Contents, digest: str) -> None:
        problem = digest_problem(found.digest, digest, self.path)
        if problem and digest == self.at_start.digest:
            names = found.difference(self.at_start)
            raise ConfigurationError(f"{problem} (changed since the start: {names})")
        if problem:
            raise ConfigurationError(problem)


def _stamp(playbooks: Path) -> object:
    """Return what is another when anything in the folder was written: no file has to be read for it.

    Nothing is run by this alone: a copy is always read whole.
    """
    found = []
    for folder, folders, files in os.walk(playbooks):
        folders[:] = sorted(name for name in folders if name not in LEFT_OUT)
        for name in sorted(files):
            info = Path(folder, name).stat()
            found.append((folder, name, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns))
    return found
