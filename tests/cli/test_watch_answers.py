"""`oims watch` against servers that break the rules: each look ends in time, with a sentence."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.main import main
from cli.watch import command, memory
from cli.watch.memory import Memory, Phase
from tests.processes import free_port


def test_an_answer_that_never_ends_is_an_outage_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "LOOK_S", 0.5)
    monkeypatch.setenv("OIMS_TOKEN", "oims_token")
    monkeypatch.setenv("OIMS_WATCH_CALL", "http://127.0.0.1:9")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
                try:
                    while True:
                        connection.sendall(b" ")
                        threading.Event().wait(0.1)
                except OSError:
                    return

        threading.Thread(target=drip, daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert main(["watch", "--once", url, "--state", str(tmp_path / "watch.json")]) == 1
    assert "timed out" in capsys.readouterr().out


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """Serve these bytes, whatever is asked; yields the address."""

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, suppress(ConnectionError):
                connection.settimeout(5)
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"", 3),
        (b"this is no HTTP\r\n\r\n", 3),
        (b"HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", 3),
        (b"HTTP/1.1 500 No\r\n\r\n" + b"[" * 100_000, 3),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 100_000, 1),
    ],
    ids=["nothing", "garbage", "cut off", "deep refusal", "deep answer"],
)
def test_whatever_app_and_service_answer_the_look_ends_in_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: bytes, status: int
) -> None:
    state = tmp_path / "watch.json"
    monkeypatch.setenv("OIMS_TOKEN", "oims_token")
    with answering(answer) as url:
        monkeypatch.setenv("OIMS_WATCH_CALL", url)
        memory.save(state, url, Memory(Phase.SILENT, since=datetime(2026, 1, 1, tzinfo=UTC)))
        assert main(["watch", "--once", url, "--state", str(state)]) == status


def test_a_service_that_refuses_a_call_is_named_by_its_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state, app = tmp_path / "watch.json", f"http://127.0.0.1:{free_port()}"
    monkeypatch.setenv("OIMS_TOKEN", "oims_token")
    memory.save(state, app, Memory(Phase.SILENT, since=datetime(2026, 1, 1, tzinfo=UTC)))
    with answering(b"HTTP/1.1 404 Not Found\r\n\r\n") as url:
        for call, words in ((url, "the service answered 404"), (app, "Connection refused")):
            monkeypatch.setenv("OIMS_WATCH_CALL", f"{call}/secret-path")
            assert main(["watch", "--once", app, "--state", str(state)]) == 3
            said = capsys.readouterr().err
            assert f"nobody was told by call: {words}. It is tried again." in said
            assert "secret-path" not in said
