import contextlib
import socket

import pytest

from demo.settings import PORTS


@pytest.fixture
def free_ports():
    """A free port for each part; all are held at once, so that they differ."""
    with contextlib.ExitStack() as stack:
        servers = {name: stack.enter_context(socket.create_server(("127.0.0.1", 0))) for name in PORTS}
        return {name: server.getsockname()[1] for name, server in servers.items()}
