"""What `make e2e` does on a slow or busy machine, seen without a cluster."""

import socketserver
import threading

import pytest
import requests

from tests.e2e.cluster import eventually, run
from tests.e2e.forward import Forward
from tests.e2e.patience import Dropped, Refused, again, patient, patient_text

DROPPED = "Error from server: error dialing backend: dial tcp 127.0.0.1:10250: i/o timeout"


@pytest.fixture
def kubectl(tmp_path, monkeypatch):
    """Puts a stand-in on PATH that fails as often as it is told; gives a look at how often it ran."""
    count = tmp_path / "count"
    count.write_text("")

    def fails(times, words):
        program = tmp_path / "kubectl"
        program.write_text(
            f'#!/bin/sh\necho >> "{count}"\n[ "$(wc -l < "{count}")" -gt {times} ] && echo yes && exit 0\n'
            f'echo "{words}" >&2\nexit 1\n'
        )
        program.chmod(0o755)
        return lambda: len(count.read_text().splitlines())

    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("tests.e2e.patience.PAUSE_SECONDS", 0)
    return fails


def ask():
    return run("kubectl", "get", "pods").strip()


def test_a_dropped_connection_is_tried_again(kubectl):
    runs = kubectl(2, DROPPED)
    assert again(ask) == "yes"
    assert runs() == 3


def test_one_that_is_always_dropped_is_told(kubectl):
    runs = kubectl(9, DROPPED)
    with pytest.raises(Dropped, match="error dialing backend"):
        again(ask)
    assert runs() == 3


def test_what_the_cluster_refuses_is_not_tried_again(kubectl):
    runs = kubectl(9, 'Error from server (NotFound): pods \\"x\\" not found')
    with pytest.raises(Refused, match="NotFound"):
        again(ask)
    assert runs() == 1


class Dropping(socketserver.StreamRequestHandler):
    """Closes the first connection without a word, and answers the next."""

    def handle(self):
        self.server.asked += 1
        if self.server.asked > 1:
            self.rfile.readline()
            self.wfile.write(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.fixture
def forward(tmp_path, monkeypatch):
    """A port-forward to a server that drops its first connection."""
    monkeypatch.setattr("tests.e2e.patience.PAUSE_SECONDS", 0)
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Dropping) as server:
        server.asked = 0
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        program = tmp_path / "kubectl"
        program.write_text(f"#!/bin/sh\necho 127.0.0.1:{server.server_address[1]}\nexec sleep 60\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        opened = Forward("shop", "service/oims-app", 5000)
        yield opened
        opened.close()
        server.shutdown()
        thread.join()


def test_a_question_over_a_dropped_forward_is_asked_again(forward):
    assert forward.request("GET", "/healthz").status_code == 204


def test_what_would_change_something_is_not_sent_twice(forward):
    with pytest.raises(requests.ConnectionError):
        forward.request("POST", "/api/v1/incidents", json={})
    assert forward.request("POST", "/api/v1/incidents", json={}).status_code == 204


def test_patience_lengthens_every_deadline(monkeypatch):
    monkeypatch.delenv("E2E_PATIENCE", raising=False)
    assert (patient(20), patient_text(20)) == (20, "20s")
    monkeypatch.setenv("E2E_PATIENCE", "2.5")
    assert (patient(20), patient_text(20)) == (50, "50s")
    with pytest.raises(AssertionError, match=r"not seen within 0\.25 s: nothing"):
        eventually(lambda: False, "nothing", seconds=0.1, pause=0.01)
    monkeypatch.setenv("E2E_PATIENCE", "0.5")
    with pytest.raises(AssertionError, match=r"E2E_PATIENCE is 0\.5"):
        patient(20)
