"""Starting playbooks from a warm parent, which has loaded Ansible already and forks a child for each run."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from automation.run import process
from automation.run.warm_parent import GO, MARK_ROOM, NO_RUN, REQUEST_LIMIT

PROGRAM = Path(__file__).with_name("warm_parent.py")
KEPT = ("PATH", "HOME", "TMPDIR")
"""What the parent sees of our environment: nothing that could be a secret."""
OWN = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "PYTHONUNBUFFERED": "1"}
PATIENCE = 15.0
"""Seconds that a child may take to appear; for the first, loading Ansible is part of it."""
END_PATIENCE = 2.0
RETRY = 60.0
"""Seconds from the start of one parent to the start of the next, at least."""


class NotWarmError(Exception):
    """A playbook can't be started from a warm parent, and was not; the text says why."""


class WarmChild:
    """A run's process, the child of a warm parent."""

    def __init__(self, parent: "WarmParent", mark: str, channel: socket.socket, output: Path) -> None:
        self._parent, self._mark, self._channel, self._output = parent, mark, channel, output
        self._code: int | None = None

    def wait(self, seconds: float) -> int | None:
        """Return the exit status, minus the signal's number after one, or none if it runs for longer.

        When the parent is gone nobody can learn of the end, so the run is ended.
        """
        if self._code is None:
            self._channel.settimeout(seconds)
            with suppress(TimeoutError):
                self._code = self._read_code()
                self._release()
        return self._code

    def end(self) -> None:
        """End all processes of the run."""
        process.end(self._mark)
        self._release()

    def _read_code(self) -> int:
        with suppress(ConnectionError):
            if message := self._channel.recv(REQUEST_LIMIT):
                return int(json.loads(message)["code"])
        process.end(self._mark)
        with suppress(OSError), self._output.open("a") as output:
            output.write("The process that had started ansible-playbook was ended, and this run with it.\n")
        return -process.KILL

    def _release(self) -> None:
        self._channel.close()
        self._parent.release(self._mark)


class WarmParent:
    """A process that has loaded Ansible. It ends with us, since its socket closes then."""

    def __init__(self) -> None:
        self._runs: set[str] = set()
        self._is_retired = False
        self._lock = threading.Lock()
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(PATIENCE)
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - a list, no shell; nothing of it comes from outside
                [sys.executable, str(PROGRAM), str(theirs.fileno())],
                env=kept | OWN | {process.MARK: NO_RUN},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def fork(self, mark: str, request: bytes, output: Path) -> WarmChild:
        """Let a child begin. Raises NotWarmError, and OSError where a fresh start would as well."""
        with output.open("ab") as file:
            channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            channel.settimeout(PATIENCE)
            with self._lock:
                self._runs.add(mark)
            try:
                with theirs:
                    self._ask(request, file.fileno(), theirs.fileno())
                _let_begin(channel, mark)
            except NotWarmError:
                channel.close()
                self.release(mark)
                raise
        return WarmChild(self, mark, channel, output)

    def _ask(self, request: bytes, *descriptors: int) -> None:
        try:
            socket.send_fds(self._control, [request], descriptors)
        except OSError as error:
            raise NotWarmError(f"the process that has loaded Ansible takes no request ({error})") from None

    def release(self, mark: str) -> None:
        """Note that a run is over, or was not begun."""
        with self._lock:
            self._runs.discard(mark)
            self._end_if_idle()

    def retire(self) -> None:
        """End the process as soon as nobody waits for what it will tell."""
        with self._lock:
            self._is_retired = True
            self._end_if_idle()

    def _end_if_idle(self) -> None:
        if self._is_retired and not self._runs:
            self._control.close()
            self._process.kill()
            with suppress(subprocess.TimeoutExpired):  # a disk that hangs must not hold up others
                self._process.wait(END_PATIENCE)


class Warm:
    """The warm parent in use; another takes its place when it refuses or has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._parent: WarmParent | None = None
        self._started_at = -RETRY
        self._is_over = False

    def begin(self) -> None:
        """Start a parent, so that the first run finds it ready; loading Ansible takes a second."""
        with self._lock, suppress(NotWarmError):
            self._current()

    def end(self) -> None:
        """Start nothing more."""
        with self._lock:
            self._is_over = True
            if self._parent:
                self._parent.retire()
                self._parent = None

    def start(self, command: Sequence[str], *, cwd: Path, env: dict[str, str], output: Path) -> WarmChild:
        """Start `ansible-playbook` as `process.start` does, but forked. Raises NotWarmError, OSError."""
        _check(command[0])
        mark = env[process.MARK]
        request = json.dumps({"command": list(command), "cwd": str(cwd), "env": env}).encode()
        if len(mark.encode()) > MARK_ROOM or len(request) > REQUEST_LIMIT:
            raise NotWarmError("its command and environment are too long")
        with self._lock:
            parent = self._current()
        try:
            return parent.fork(mark, request, output)
        except NotWarmError:
            self._replace(parent)
            raise

    def _replace(self, parent: WarmParent) -> None:
        """Let another parent get ready for the next run."""
        with self._lock, suppress(NotWarmError):
            if self._parent is parent:
                parent.retire()
                self._parent = None
            self._current()

    def _current(self) -> WarmParent:
        if self._is_over:
            raise NotWarmError("automation is stopping")
        if self._parent is None:
            if sys.platform != "linux":  # elsewhere a fork without exec is unsafe, and no mark can be read
                raise NotWarmError("this needs Linux")
            if time.monotonic() < self._started_at + RETRY:
                raise NotWarmError("the process that loads Ansible was started less than a minute ago")
            self._started_at = time.monotonic()
            try:
                self._parent = WarmParent()
            except OSError as error:
                raise NotWarmError(f"no process could be started: {error.strerror}") from None
        return self._parent


def _check(program: str) -> None:
    """Raise NotWarmError unless the program is a script of our own Python."""
    try:
        with Path(program).open("rb") as file:
            first = os.fsdecode(file.readline(1024)).strip()
    except OSError:
        first = ""
    if Path(first.removeprefix("#!")).parent != Path(sys.executable).parent:
        raise NotWarmError("ansible-playbook belongs to another Python")


def _let_begin(channel: socket.socket, mark: str) -> None:
    """Let a child go on once it carries the mark by which it is ended. Raises NotWarmError."""
    try:
        message = channel.recv(REQUEST_LIMIT)
        if not message:
            raise NotWarmError("the process that has loaded Ansible has ended")
        answer = json.loads(message)
        if "refused" in answer:
            raise NotWarmError(answer["refused"])
        if not process.is_marked(answer["pid"], mark):
            raise NotWarmError("the run's id can't be written into its environment")
        channel.send(GO)
    except OSError as error:
        raise NotWarmError(f"the process that has loaded Ansible does not answer ({error})") from None
