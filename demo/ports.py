"""Are the demo's ports free? Asked before anything starts: the answer names the port and the way out."""

import contextlib
import socket
from collections.abc import Mapping

from demo.errors import DemoError
from demo.settings import HOST


def check(ports: Mapping[str, int]) -> None:
    """Refuse to start when a port is taken or named twice.

    Raises:
        DemoError: names each such port and how to choose another.

    """
    problems = [_advice(name, port, "is taken") for name, port in ports.items() if _is_taken(port)]
    names = list(ports)
    for number, name in enumerate(names):
        if ports[name] in [ports[other] for other in names[:number]]:
            problems.append(_advice(name, ports[name], "is named twice"))
    if problems:
        raise DemoError("\n".join(problems))


def _is_taken(port: int) -> bool:
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
        return False


def _advice(name: str, port: int, problem: str) -> str:
    variable = f"OIMS_DEMO_{name.upper().replace('-', '_')}_PORT"
    return f"Port {port} ({name}) {problem}. Free it, or choose another: make demo {variable}={port + 10}"
