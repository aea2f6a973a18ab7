"""The demo's folder: private, begun afresh by each start, with random secrets; and the processes of it."""

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from demo.errors import DemoError

SECRETS = (
    "webhook-token",
    "reader-token",
    "event-key",
    "automation-token",
    "secret-key",
    "admin-password",
)
VISITORS_TOKEN = "visitors-token"  # noqa: S105 - a file's name
API_TOKEN = "api-token"  # noqa: S105 - a file's name
SOCKET_LIMIT = 100  # bytes; Linux takes 107, macOS 103
STOP_SECONDS = 15


class State:
    """Names of the files in the folder, and what is done to the folder as a whole."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.secrets = folder / "secrets"
        self.mail = folder / "mail"
        self.socket = folder / "supervisor.sock"
        self.supervisor_url = f"unix://{self.socket}"

    def secret(self, name: str) -> str:
        """Return the text of a secret."""
        return (self.secrets / name).read_text(encoding="utf-8")

    def keep_secret(self, name: str, text: str) -> None:
        """Write a secret into a file that only its owner can read."""
        path = self.secrets / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")

    def shown(self, path: Path) -> str:
        """Write a path for people: relative to where they are, if it lies below."""
        return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)

    def check(self) -> None:
        """Refuse a folder that cannot hold a demo.

        Raises:
            DemoError: its path is too long for a socket, or it holds files that no demo wrote.

        """
        length = len(os.fsencode(self.socket))
        if length > SOCKET_LIMIT:
            raise DemoError(
                f"The demo's socket has a path of {length} bytes, too long: {self.socket}. "
                "Choose a shorter folder: make demo OIMS_DEMO_STATE=/tmp/oims-demo"
            )
        if self.folder.exists() and any(self.folder.iterdir()) and not self._lock_file.exists():
            raise DemoError(f"{self.folder} holds files that are not the demo's. Choose another folder.")

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for this process, by a lock of the kernel: it ends with the process in any case.

        Raises:
            DemoError: another demo runs in this folder.

        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        with self._lock_file.open("a+", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise DemoError(
                    f"A demo already runs in {self.folder} (process {file.read().strip()}). "
                    "Stop it with Ctrl-C in its terminal, or wait until it has ended."
                ) from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def begin_afresh(self) -> None:
        """Remove what the last run left, and make the folders and new secrets."""
        self.clear()
        for folder in (self.log, self.secrets):
            folder.mkdir(mode=0o700)
        for name in SECRETS:
            self.keep_secret(name, secrets.token_urlsafe(32))

    def clear(self) -> None:
        """Remove everything but the lock that is being held."""
        for path in self.folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif path != self._lock_file:
                path.unlink()

    def remove(self) -> None:
        """Remove everything, the folder and the held lock too."""
        self.clear()
        self._lock_file.unlink()
        self.folder.rmdir()

    def processes(self) -> list[int]:
        """Return the ids of all processes that a demo in this folder started.

        They are known by their environment: supervisord and everything below it, playbooks too, carries the
        address of this folder's socket. A pid file could name a process that got the number later.
        """
        mark = b"OIMS_SUPERVISOR_URL=" + os.fsencode(self.supervisor_url)
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark in path.read_bytes().split(b"\0"):
                    found.append(int(path.parent.name))
        return sorted(set(found) - {os.getpid()})

    def end_processes(self) -> int:
        """End what still runs of this folder: ask, wait, then insist. Return how many there were."""
        remaining = started = self.processes()
        deadline = time.monotonic() + STOP_SECONDS
        for sign in (signal.SIGTERM, signal.SIGKILL):
            for pid in remaining:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, sign)
            while (remaining := self.processes()) and time.monotonic() < deadline:
                time.sleep(0.1)
            deadline += STOP_SECONDS
        return len(started)

    @property
    def _lock_file(self) -> Path:
        return self.folder / "lock"
