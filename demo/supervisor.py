"""supervisord: start it, ask it, end it and everything below it."""

import contextlib
import http.client
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from demo.errors import DemoError
from demo.plan import common_environment
from demo.state import State

START_SECONDS = 20
STOP_SECONDS = 20
UNREACHABLE = (OSError, http.client.HTTPException, xmlrpc.client.Error)


class Supervisor:
    """A running supervisord, reached by its socket."""

    def __init__(self, state: State, process: subprocess.Popen[bytes]) -> None:
        self._state = state
        self._process = process

    @property
    def is_running(self) -> bool:
        """Say whether supervisord itself is alive."""
        return self._process.poll() is None

    def pid(self, name: str) -> int | None:
        """Return the process id of a program, or nothing while it does not run."""
        try:
            return int(self._ask("getProcessInfo", name)["pid"]) or None
        except UNREACHABLE:
            return None

    def start_program(self, name: str) -> None:
        """Start a program that does not start by itself."""
        self._ask("startProcess", name)

    def wait_until_reachable(self) -> None:
        """Wait for the socket.

        Raises:
            DemoError: supervisord ended or did not answer in time.

        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.is_running:
            with contextlib.suppress(*UNREACHABLE):
                self._ask("getState")
                return
            time.sleep(0.05)
        raise DemoError(
            f"supervisord did not start. Read {self._state.shown(self._state.log)}/supervisord.log"
        )

    def _ask(self, method: str, *arguments: object) -> Any:
        transport = SupervisorTransport(serverurl=self._state.supervisor_url)
        with xmlrpc.client.ServerProxy("http://localhost", transport=transport) as server:
            return getattr(server.supervisor, method)(*arguments)


@contextlib.contextmanager
def supervised(state: State) -> Iterator[Supervisor]:
    """Run supervisord with the folder's configuration for as long as the block lasts.

    It gets a session of its own: Ctrl-C in the terminal reaches only the demo, which then ends it in order.
    """
    process = None
    try:
        with (state.log / "supervisord.out").open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own configuration
                [
                    sys.executable,
                    "-m",
                    "supervisor.supervisord",
                    "-c",
                    str(state.folder / "supervisord.conf"),
                ],
                env=common_environment(state),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        supervisor = Supervisor(state, process)
        supervisor.wait_until_reachable()
        yield supervisor
    finally:
        if process:
            _end(process)
        state.end_processes()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let supervisord end its programs in order; what it leaves is ended one by one afterwards."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
