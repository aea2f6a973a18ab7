import asyncio
import socket
import threading
import time

import pytest

from gate.relay import HERE, Gate, Route
from tests.processes import free_port


class Passage:
    """A gate in a thread of its own, and the listening socket that its one route leads to."""

    def __init__(self):
        self.far = socket.create_server((HERE, 0))
        self.route = Route(free_port(), HERE, self.far.getsockname()[1])
        self.loop, self.stop = asyncio.new_event_loop(), asyncio.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self.connect().close()
        self.far.accept()[0].close()

    def _run(self):
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(Gate([self.route]).serve(self.stop))

    def connect(self):
        """Return a connection to the gate, as soon as it listens."""
        deadline = time.monotonic() + 20
        while True:
            try:
                return socket.create_connection((HERE, self.route.port), 20)
            except ConnectionRefusedError:
                assert time.monotonic() < deadline
                time.sleep(0.02)

    def pair(self):
        """Return both ends of a connection through the gate."""
        near = self.connect()
        far, _ = self.far.accept()
        far.settimeout(20)
        return near, far

    def close(self):
        self.loop.call_soon_threadsafe(self.stop.set)
        self._thread.join(60)
        self.far.close()


@pytest.fixture(scope="module")
def passage():
    made = Passage()
    yield made
    made.close()
