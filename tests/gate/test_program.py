"""``python -m gate``, as its pod runs it."""

import json
import signal
import socket
import time
from datetime import UTC, datetime

import pytest

from tests.chart.rendering import ROOT
from tests.processes import Process, free_port, run
from tests.waiting import until


@pytest.mark.parametrize(
    "routes",
    [
        [],
        ["5000"],
        ["5000=app"],
        ["5000=app:0"],
        ["0=app:5000"],
        ["65536=app:5000"],
        ["5000=app:99999"],
        ["5000=:5000"],
        ["5000=a b:5000"],
        ["5000=app:5000\n"],
        ["\N{ARABIC-INDIC DIGIT FIVE}=app:5000"],
        ["5000=app:5000", "--pulse"],
    ],
    ids=repr,
)
def test_a_route_that_is_none_is_refused(routes):
    done = run("gate", *routes, env={}, cwd=ROOT)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_ends_the_start_with_its_number(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken, (tmp_path / "said").open("wb") as said:
        port = taken.getsockname()[1]
        process = Process("gate", f"{port}=127.0.0.1:9", env={}, cwd=ROOT, stderr=said)
        assert process.wait(60) == 2
    text = (tmp_path / "said").read_text()
    assert str(port) in text
    assert "Traceback" not in text


def test_it_pulses_while_it_listens_and_lets_a_connection_end_when_it_is_stopped(tmp_path):
    pulse, said, port = tmp_path / "pulse", tmp_path / "said", free_port()
    with socket.create_server(("127.0.0.1", 0)) as there, said.open("wb") as errors:
        route = f"{port}=127.0.0.1:{there.getsockname()[1]}"
        process = Process("gate", route, f"--pulse={pulse}", env={}, cwd=ROOT, stderr=errors)
        until(pulse.exists, 30)
        with socket.create_connection(("127.0.0.1", port), 20) as near:
            far, _ = there.accept()
            process.send_signal(signal.SIGTERM)
            until(lambda: "stopping" in said.read_text())
            far.sendall(b"the rest")
            far.close()
            assert near.recv(100) == b"the rest"
        began = time.monotonic()
        assert process.wait(30) == 0
        assert time.monotonic() - began < 15, "it waits for nobody when all have gone"
    for line in map(json.loads, said.read_text().splitlines()):
        assert datetime.fromisoformat(line["at"]).tzinfo == UTC
        assert {"level", "message"} <= set(line)
