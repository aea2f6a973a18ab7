"""The warm parent: a process that has loaded what every `ansible-playbook` loads, and forks one for each run.

It is started by its path and knows nothing of automation: no settings, no policy, no secret. It loads only
what does not depend on Ansible's configuration, so each run reads its own, as a fresh process does. It
never runs anything itself; when automation ends, its socket closes and it ends too.
"""

import sys

if __name__ == "__main__":
    sys.path.pop(0)  # this folder, whose modules are not Ansible's

import ctypes
import gc
import importlib
import json
import multiprocessing
import os
import runpy
import selectors
import socket
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

CONFIGURATION = "ansible.constants"
"""The module that reads Ansible's configuration when it is imported."""
LOADED = (
    "ansible.errors",
    "ansible.config.manager",
    "ansible.context",
    "ansible.executor.powershell",
    "ansible.module_utils.compat.selinux",
    "ansible.module_utils.compat.version",
    "ansible.module_utils.json_utils",
    "ansible.parsing.splitter",
    "ansible.parsing.utils.addresses",
    "ansible.utils.collection_loader",
    "ansible.utils.fqcn",
    "ansible.utils.hashing",
    "ansible.utils.helpers",
    "ansible.utils.lock",
    "ansible.utils.multiprocessing",
    "ansible.utils.shlex",
    "concurrent.futures.thread",
    "cryptography.hazmat.backends",
    "cryptography.hazmat.primitives.asymmetric.dsa",
    "cryptography.hazmat.primitives.asymmetric.ec",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.asymmetric.rsa",
    "cryptography.hazmat.primitives.ciphers.algorithms",
    "cryptography.hazmat.primitives.kdf.pbkdf2",
    "cryptography.hazmat.primitives.padding",
    "cryptography.hazmat.primitives.serialization",
    "csv",
    "curses",
    "difflib",
    "email.message",
    "email.parser",
    "getpass",
    "importlib.metadata",
    "jinja2.nativetypes",
    "jinja2.sandbox",
    "multiprocessing.managers",
    "multiprocessing.queues",
    "multiprocessing.shared_memory",
    "packaging.specifiers",
    "packaging.version",
    "pty",
    "tarfile",
    "termios",
    "tomllib",
    "uuid",
    "xml.dom.minidom",
    "xml.etree.ElementTree",
    "zipfile",
)
"""What a playbook loads in any case; one that another version of Ansible lacks is left to the run."""
MARK = "OIMS_RUN_ID"
MARK_ROOM = 128
NO_RUN = "-" * MARK_ROOM
"""The mark of the parent itself, which runs nothing."""
REQUEST_LIMIT = 128 * 1024
MEMORY_LIMIT = 256 * 1024
"""KiB. It holds less than a fifth of that, and nothing that it does should need more."""
GO = b"go"
AUTHKEY_BYTES = 32
STANDARD = (0, 1, 2)


class Request(NamedTuple):
    """One run that is asked for."""

    command: list[str]
    cwd: str
    env: dict[str, str]
    output: int
    """The descriptor of the file for what it prints."""
    channel: socket.socket
    """The way to the one who asked."""


class Fork(NamedTuple):
    """A run in flight, and the one who waits for its end."""

    pid: int
    channel: socket.socket


class Parent:
    """Takes requests, forks, and tells how each child ended."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._loaded = _stamps(_loaded_files())

    def serve(self) -> Request | None:
        """Return the request in each child, to be run; none in the parent, once nobody can ask any more."""
        while True:
            for key, _ in self._selector.select():
                if key.data is not None:
                    self._report_end(key.fd, key.data)
                    continue
                try:
                    request = _receive(self._control)
                except ValueError:  # who asked hears nothing, and starts afresh
                    continue
                if request is None:
                    return None
                if self._fork(request) == 0:
                    self._close()
                    return request

    def _fork(self, request: Request) -> int | None:
        """Return as os.fork does; none when no run can be forked, which ends none of those in flight."""
        pid, why = None, self._why_not()
        if why is None:
            try:
                pid = self._begin(request)
            except OSError as error:
                why = f"no process could be forked: {error.strerror}"
        if pid == 0:
            return pid
        if why is not None:
            with suppress(OSError):  # who asked may have given it up
                _send(request.channel, refused=why)
        os.close(request.output)
        request.channel.close()
        return pid

    def _begin(self, request: Request) -> int:
        """Fork, and watch the child. Raises OSError; then there is no child."""
        channel, kept = request.channel.dup(), None
        try:
            kept = os.open(os.devnull, os.O_RDONLY)
            pid = os.fork()
        except OSError:
            channel.close()
            raise
        finally:
            if kept is not None:
                os.close(kept)  # its place is free for the child's descriptor
        if pid:
            self._selector.register(os.pidfd_open(pid), selectors.EVENT_READ, Fork(pid, channel))
        return pid

    def _report_end(self, descriptor: int, child: Fork) -> None:
        _, status = os.waitpid(child.pid, 0)
        with suppress(OSError):  # nobody may be interested any more
            _send(child.channel, code=os.waitstatus_to_exitcode(status))
        child.channel.close()
        self._selector.unregister(descriptor)
        os.close(descriptor)

    def _close(self) -> None:
        """Let go of all that is the parent's: what is let go of later may close another's descriptor."""
        for key in list(self._selector.get_map().values()):
            if key.data is not None:
                key.data.channel.close()
                os.close(key.fd)
        self._selector.close()
        self._control.close()

    def _why_not(self) -> str | None:
        if _stamps(self._loaded) != self._loaded:
            return "Ansible was changed since it was loaded"
        if (size := _memory()) > MEMORY_LIMIT:
            return f"the process that has loaded Ansible has grown to {size} KiB"
        return None


def load() -> None:
    """Load what playbooks need. Raises RuntimeError when that would fix Ansible's configuration for all."""
    for name in LOADED:
        with suppress(ImportError):
            importlib.import_module(name)
    if CONFIGURATION in sys.modules:
        raise RuntimeError("this version of Ansible reads its configuration too early")
    gc.collect()
    gc.freeze()  # the children share it


def become(request: Request) -> None:
    """Turn this child into an `ansible-playbook` that looks as one that was started afresh, and run it."""
    os.setsid()
    _mark(request.env[MARK])
    _send(request.channel, pid=os.getpid())
    if request.channel.recv(len(GO)) != GO:  # automation has given it up, or has ended
        os._exit(1)
    null = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in zip(STANDARD, (null, request.output, request.output), strict=True):
        os.dup2(descriptor, number)
    request.channel.close()
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - numbers, not paths
        if int(name) not in STANDARD:
            with suppress(OSError):  # the one of this listing
                os.close(int(name))
    os.chdir(request.cwd)
    os.environ.clear()
    os.environ.update(request.env)
    time.tzset()
    tempfile.tempdir = None
    multiprocessing.current_process().authkey = os.urandom(AUTHKEY_BYTES)
    program = request.command[0]
    sys.argv = request.command
    sys.path.insert(0, str(Path(program).parent))
    runpy.run_path(program, run_name="__main__")


def _mark(run_id: str) -> None:
    """Write a run's id where others read a process's environment, which `os.environ` does not change."""
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_void_p
    ctypes.memmove(getenv(MARK.encode()), run_id.encode().ljust(MARK_ROOM, b"\0"), MARK_ROOM)


def _receive(control: socket.socket) -> Request | None:
    """Return a request; none when nobody can ask any more. Raises ValueError if its descriptors were lost."""
    data, descriptors, *_ = socket.recv_fds(control, REQUEST_LIMIT, 2)
    if not data:
        return None
    try:
        output, channel = descriptors
    except ValueError:
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    asked = json.loads(data)
    return Request(asked["command"], asked["cwd"], asked["env"], output, socket.socket(fileno=channel))


def _send(channel: socket.socket, **message: Any) -> None:
    channel.send(json.dumps(message).encode())


def _loaded_files() -> list[str]:
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    return [sys.executable, *filter(None, files)]


def _stamps(files: Iterable[str]) -> dict[str, object]:
    """Return what is another when one of the files was written, or put in the place of another."""
    return {name: _stamp(name) for name in files}


def _stamp(name: str) -> object:
    try:
        info = os.stat(name)  # noqa: PTH116 - hundreds of them, before each run
    except OSError:
        return None
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns


def _memory() -> int:
    """Return the resident memory of this process in KiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def main(descriptor: int) -> None:
    """Serve on a socket that automation has handed over."""
    load()
    request = Parent(socket.socket(fileno=descriptor)).serve()
    if request is not None:
        become(request)


if __name__ == "__main__":
    main(int(sys.argv[1]))
