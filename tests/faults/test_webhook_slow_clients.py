import contextlib
import socket

import pytest

from tests.webhook.process import SMALLEST, WRITER, alert, message, running


@pytest.fixture
def webhook(tmp_path):
    with running(tmp_path) as process:
        yield process


def _connect(webhook, count, first):
    clients = [socket.create_connection(("127.0.0.1", webhook.port), timeout=30) for _ in range(count)]
    for client in clients:
        client.sendall(first)
    return clients


HALF_A_BODY = (
    f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {WRITER}\r\nContent-Length: 1000\r\n\r\n".encode()
    + b'{"alerts":['
)
A_POST = (
    f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {WRITER}\r\n"
    f"Content-Length: {len(SMALLEST % b'Kept')}\r\n\r\n"
).encode() + SMALLEST % b"Kept"
SLOW = {
    "half a head": b"POST / HTTP/1.1\r\nHost: x\r\n",
    "half a body": HALF_A_BODY,
    "half a chunk": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "no bytes": b"",
    "not HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
}


@pytest.mark.parametrize("first", SLOW.values(), ids=SLOW.keys())
@pytest.mark.fault("F16")
def test_many_slow_senders_do_not_keep_others_waiting(webhook, first):
    with contextlib.ExitStack() as stack:
        for client in _connect(webhook, 60, first):
            stack.enter_context(client)

        assert webhook.post(message(alert()), timeout=3).status == 200
        assert webhook.get("/healthz", timeout=3).status == 200


def test_more_connections_than_there_is_room_for_do_not_keep_others_out(webhook):
    with contextlib.ExitStack() as stack:
        for client in _connect(webhook, 250, SLOW["half a head"]):
            stack.enter_context(client)

        assert webhook.post(message(alert()), timeout=5).status == 200


def test_clients_that_never_close_do_not_keep_others_waiting(webhook):
    with contextlib.ExitStack() as stack:
        for client in _connect(webhook, 20, b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"):
            stack.enter_context(client)

        assert webhook.post(message(alert()), timeout=1.5).status == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_clients_that_never_send_a_refused_body_do_not_delay_others(webhook, method):
    head = f"{method} / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n".encode()
    with contextlib.ExitStack() as stack:
        for client in _connect(webhook, 20, head):
            stack.enter_context(client)
            assert client.recv(1000).startswith(b"HTTP/1.1 40")

        assert webhook.post(message(alert()), timeout=3).status == 200
        assert webhook.get("/healthz", timeout=3).status == 200


def test_a_connection_that_just_delivered_delays_nobody_and_is_waited_for(webhook):
    half = len(A_POST) - 10
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(client) for client in _connect(webhook, 3, A_POST)]
        for client in clients:
            assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
            client.sendall(A_POST[:half])

        assert webhook.post(message(alert("Other")), timeout=3).status == 200
        for client in clients:
            client.sendall(A_POST[half:])
            assert client.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_a_client_that_does_not_read_its_answers_does_not_keep_others_waiting(webhook):
    request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", webhook.port))
        client.settimeout(3)
        with contextlib.suppress(OSError):
            for _ in range(5000):
                client.sendall(request * 10)

        assert webhook.post(message(alert()), timeout=3).status == 200


def test_a_request_that_never_becomes_whole_is_given_up_and_counted(webhook):
    (client,) = _connect(webhook, 1, HALF_A_BODY)
    with client:
        assert client.recv(1000).startswith(b"HTTP/1.1 408 ")

    assert webhook.metric('oims_webhook_rejected_total{reason="slow"}') == 1
    assert webhook.events()["last_seq"] == 0


def test_an_endless_head_is_refused(webhook):
    (client,) = _connect(webhook, 1, b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 70_000)
    with client, contextlib.suppress(ConnectionError):
        assert client.recv(1000) == b""


def test_a_request_that_comes_byte_by_byte_is_served(webhook):
    (client,) = _connect(webhook, 1, b"")
    with client:
        for byte in b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n":
            client.sendall(bytes([byte]))
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_two_requests_in_one_packet_are_both_served(webhook):
    (client,) = _connect(webhook, 1, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
    with client:
        received = b""
        while received.count(b'"ok"') < 2:
            received += client.recv(1000)


def test_a_client_that_waits_for_leave_to_send_its_body_gets_it(webhook):
    body = b'{"alerts":[{"status":"firing","labels":{"alertname":"Expect"}}]}'
    head = (
        f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {WRITER}\r\nConnection: close\r\n"
        f"Expect: 100-continue\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    (client,) = _connect(webhook, 1, head.encode())
    with client:
        assert client.recv(1000).startswith(b"HTTP/1.1 100 ")
        client.sendall(body)
        answer = b"".join(iter(lambda: client.recv(1000), b""))

    assert b"HTTP/1.1 200 OK" in answer
