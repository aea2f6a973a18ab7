"""Real processes of OIMS, forked from one that has read the code already.

Each has its own pid, session, environment, folder and streams, and can be killed like any other. Only the
reading of the code, up to two seconds of processor time, is spared: hundreds of them start in a run of all
tests. What a shell, supervisord or `make demo` starts, starts as it does at a user's.
"""

import contextlib
import gc
import multiprocessing
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from multiprocessing.reduction import DupFd
from pathlib import Path

_READY = multiprocessing.get_context("forkserver")
_READY.set_forkserver_preload(
    [
        "tests.processes",
        "app.cli",
        "automation.cli.follow",
        "cli.main",
        "tornado.httpserver",
        "webhook.wsgi",
    ]
)


class Process:
    """`python -m MODULE …` in a session of its own, handled like a `subprocess.Popen`.

    Streams are files or descriptors; without one, it is the null device. `first` is a function of a module,
    called in the process before anything else.
    """

    def __init__(self, module, *arguments, env, cwd=None, stdin=None, stdout=None, stderr=None, first=None):
        with contextlib.ExitStack() as files:
            null = files.enter_context(open(os.devnull, "r+b"))  # noqa: PTH123 - it is no file
            streams = [null if stream is None else stream for stream in (stdin, stdout, stderr)]
            self._process = _READY.Process(
                target=_become,
                args=(module, arguments, dict(env), str(cwd or Path.cwd()), _Streams(streams), first),
                daemon=True,
            )
            self._process.start()
        self.args = [sys.executable, "-m", module, *arguments]
        self.pid = self._process.pid

    @property
    def returncode(self):
        return self._process.exitcode

    def poll(self):
        """Return the exit status; minus the signal's number after one; none while it runs."""
        return self._process.exitcode

    def wait(self, timeout=None):
        """Return the exit status. Raises TimeoutExpired after so many seconds."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self.args, timeout)
        return self._process.exitcode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)


def run(module, *arguments, env, cwd=None, given="", seconds=100):
    """Run `python -m MODULE …` to its end; return what it printed, as `subprocess.run` does.

    `given` is what it can read from its stdin. Raises TimeoutExpired.
    """
    with contextlib.ExitStack() as files:
        stdin, stdout, stderr = (files.enter_context(tempfile.TemporaryFile("w+")) for _ in range(3))
        stdin.write(given)
        stdin.seek(0)
        process = Process(module, *arguments, env=env, cwd=cwd, stdin=stdin, stdout=stdout, stderr=stderr)
        try:
            status = process.wait(seconds)
        finally:
            process.kill()
        for stream in (stdout, stderr):
            stream.seek(0)
        return subprocess.CompletedProcess(process.args, status, stdout.read(), stderr.read())


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class _Streams:
    """Open files on their way into a process that is being started."""

    def __init__(self, files):
        self._descriptors = [file if isinstance(file, int) else file.fileno() for file in files]

    def __getstate__(self):
        return [DupFd(descriptor) for descriptor in self._descriptors]

    def __setstate__(self, state):
        self._descriptors = [one.detach() for one in state]

    def become_standard(self):
        for number, descriptor in enumerate(self._descriptors):
            os.dup2(descriptor, number)
        for descriptor in self._descriptors:
            os.close(descriptor)
        sys.stdin = open(0, closefd=False)  # noqa: SIM115 - multiprocessing has closed it


def _become(module, arguments, env, cwd, streams, first):
    gc.freeze()  # what all of them share is no garbage of theirs
    os.setsid()
    streams.become_standard()
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    if first:
        first()
    warnings.simplefilter("error")
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
