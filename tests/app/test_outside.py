"""Calls to addresses that people enter: nothing inside is reached, by whatever name or notation."""

import gzip
import socket
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest
import requests

from app import outside
from app.outside import Allowed, Refused, Unreachable

NOTHING = Allowed()
LOOPBACK = Allowed.of(["127.0.0.0/8"])


class Handler(BaseHTTPRequestHandler):
    """Answers as its server says, and counts."""

    def do_POST(self) -> None:
        server: Any = self.server
        server.asked += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        server.answer(self)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Any]:
    found: Any = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.daemon_threads = True
    found.asked = 0
    found.answer = lambda handler: say(handler, 200, b"taken")
    thread = Thread(target=found.serve_forever, args=(0.02,))
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


def say(handler: Any, status: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def call(server: Any, host: str = "127.0.0.1", allowed: Allowed = LOOPBACK, **more: Any) -> outside.Answer:
    return outside.post(f"http://{host}:{server.server_port}/in", b"{}", {}, allowed, **more)


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Make a name resolve to one address after the other, as a resolver that changes its mind does."""
    real = socket.getaddrinfo

    def make(*answers: str) -> list[str]:
        asked: list[str] = []

        def getaddrinfo(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
            if host != "rebound.example.org":
                return real(host, port, *rest, **more)
            asked.append(host)
            return real(answers[min(len(asked), len(answers)) - 1], port, *rest, **more)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return make


def test_what_an_administrator_allows_is_called(server: Any) -> None:
    assert call(server) == outside.Answer(200, "taken")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "017700000001",
        "127.1",
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "127.0.0.1.",
        "kubernetes.default.svc",
        "oims-webhook.incident-mgmt.svc.cluster.local",
        "oims-webhook",
        "metadata.google.internal",
        "169.254.169.254",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "[fd00::1]",
        "[fe80::1]",
        "[ff02::1]",
        "224.0.0.1",
        "240.0.0.1",
    ],
)
@pytest.mark.threat("T48")
def test_nothing_inside_is_called_by_any_notation(server: Any, host: str) -> None:
    with pytest.raises(Unreachable):
        call(server, host, NOTHING, seconds=5)
    assert server.asked == 0


@pytest.mark.parametrize("answers", [("127.0.0.1",), ("93.184.216.34", "127.0.0.1"), ("::1",)])
def test_a_name_that_resolves_to_an_inside_address_is_refused(
    server: Any, resolve: Callable[..., list[str]], answers: tuple[str, ...]
) -> None:
    """The second answer is for whoever checks a name first and connects by asking again."""
    asked = resolve(*answers)
    if len(answers) > 1:
        socket.getaddrinfo("rebound.example.org", 80)
    with pytest.raises(Unreachable) as caught:
        call(server, "rebound.example.org", NOTHING)
    assert caught.value.is_refused
    assert "lies inside" in caught.value.reason
    assert server.asked == 0
    assert len(asked) == len(answers)


@pytest.mark.threat("T48")
def test_each_connection_of_a_guarded_library_is_checked_anew(
    server: Any, resolve: Callable[..., list[str]]
) -> None:
    """Its own client may resolve as often as it likes: what counts is where it connects."""
    resolve("127.0.0.1", "127.0.0.2")
    url = f"http://rebound.example.org:{server.server_port}/"
    with outside.guarded("rebound.example.org", Allowed.of(["127.0.0.1"])) as guard:
        assert requests.post(url, data=b"{}", timeout=5).status_code == 200
        with pytest.raises(requests.ConnectionError):
            requests.post(url, data=b"{}", timeout=5)
    assert "127.0.0.2 lies inside" in guard.refused
    assert server.asked == 1


@pytest.mark.threat("T48")
def test_a_redirect_is_an_answer_and_is_not_followed(server: Any) -> None:
    target = f"http://127.0.0.1:{server.server_port}/other"
    server.answer = lambda handler: say(handler, 302, Location=target)
    assert call(server).status == 302
    assert server.asked == 1


def test_an_allowed_host_may_lie_inside_and_others_may_not(
    server: Any, resolve: Callable[..., list[str]]
) -> None:
    resolve("127.0.0.1")
    assert call(server, "rebound.example.org", Allowed.of(["rebound.example.org"])).status == 200
    with pytest.raises(Unreachable):
        call(server, "127.0.0.1", Allowed.of(["rebound.example.org"]))


def test_no_file_and_no_socket_of_this_machine_is_reached() -> None:
    with (
        outside.guarded("example.org", NOTHING),
        socket.socket(socket.AF_UNIX) as local,
        pytest.raises(Refused),
    ):
        local.connect("/var/run/any.sock")
    for url in ("file:///etc/passwd", "gopher://example.org/", "ftp://example.org/", "https://", "x", ""):
        assert outside.problem(url, NOTHING)
    assert "name and password" in (outside.problem("https://a:b@example.org/", NOTHING) or "")
    assert outside.problem("https://example.org/x", NOTHING) is None


def test_of_a_large_answer_only_the_beginning_is_read(server: Any) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    server.answer = lambda handler: say(handler, 200, bomb, Content_Encoding="gzip")
    assert len(call(server).text) <= 2_000


def test_an_answer_that_drips_without_end_is_cut_off(server: Any) -> None:
    over = Event()

    def drip(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not over.is_set():
            try:
                handler.wfile.write(b"X: y\r\n")
                handler.wfile.flush()
            except OSError:
                return
            over.wait(0.05)

    server.answer = drip
    try:
        with pytest.raises(Unreachable, match="in time"):
            call(server, seconds=0.5)
    finally:
        over.set()


def test_outside_of_the_block_nothing_is_refused(server: Any) -> None:
    with outside.guarded("example.org", NOTHING):
        pass
    url = f"http://127.0.0.1:{server.server_port}/"
    assert requests.post(url, data=b"{}", timeout=5).status_code == 200
