import contextlib
import re
import socket
import subprocess
import sys

import pytest

from demo import ports
from demo.errors import DemoError


@contextlib.contextmanager
def listening():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_free_ports_are_accepted(free_ports):
    ports.check(free_ports)


def test_every_taken_port_is_named_with_what_to_do(free_ports):
    with listening() as first, listening() as second, pytest.raises(DemoError) as caught:
        ports.check(free_ports | {"app": first, "smtp": second})
    advice = "Port {} ({}) is taken. Free it, or choose another: make demo OIMS_DEMO_{}_PORT={}"
    assert str(caught.value).splitlines() == [
        advice.format(first, "app", "APP", first + 10),
        advice.format(second, "smtp", "SMTP", second + 10),
    ]


def test_a_port_that_is_named_twice_is_refused(free_ports):
    with pytest.raises(DemoError, match=r"\(webhook\) is named twice\."):
        ports.check(free_ports | {"webhook": free_ports["app"]})


def test_the_demo_says_which_port_is_taken_and_starts_nothing(free_ports, tmp_path):
    with listening() as port:
        arguments = [f"--{name}-port={number}" for name, number in (free_ports | {"webhook": port}).items()]
        done = subprocess.run(
            [sys.executable, "-m", "demo", "--once", "--state", str(tmp_path / "d"), *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert done.returncode == 1
    assert re.search(rf"^\d\d:\d\d:\d\dZ +Port {port} \(webhook\) is taken\.", done.stdout, re.MULTILINE)
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "d/supervisord.conf").exists()
