"""How large a delivery may be, however its length is said."""

import socket

import pytest

from tests.webhook.process import SMALLEST, WRITER


@pytest.mark.fault("F16")
def test_it_refuses_a_body_that_says_it_is_too_long_before_it_is_sent(webhook):
    with socket.create_connection(("127.0.0.1", webhook.port), timeout=10) as client:
        client.sendall(
            f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {WRITER}\r\n"
            "Content-Length: 20000000\r\n\r\n".encode()
        )
        assert client.recv(1000).startswith(b"HTTP/1.1 413 ")


@pytest.mark.fault("F16")
@pytest.mark.threat("T22")
def test_it_refuses_a_chunked_body_at_the_limit(webhook):
    with socket.create_connection(("127.0.0.1", webhook.port), timeout=10) as client:
        client.sendall(
            f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {WRITER}\r\n"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
        )
        for _ in range(17):
            client.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_it_takes_a_chunked_body_within_the_limit(webhook):
    body = SMALLEST % b"Chunked"

    answer = webhook.request(
        "POST",
        "/",
        iter([body[:10], body[10:]]),
        {"Authorization": f"Bearer {WRITER}"},
        encode_chunked=True,
    )

    assert answer.status == 200, answer


def test_a_body_of_exactly_the_limit_is_read(webhook):
    body = SMALLEST % b"Limit"

    assert webhook.post(body + b" " * (1024 * 1024 - len(body))).status == 200
    assert webhook.post(body + b" " * (1024 * 1024 - len(body) + 1)).status == 413


def test_who_reads_the_answer_only_after_sending_far_too_much_is_told_so_too(webhook):
    size = 15 * 1024 * 1024
    with socket.create_connection(("127.0.0.1", webhook.port), timeout=10) as client:
        client.sendall(
            f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {WRITER}\r\n"
            f"Content-Length: {size}\r\n\r\n".encode()
        )
        client.recv(1, socket.MSG_PEEK)  # it has answered
        client.sendall(b" " * size)
        assert client.recv(1000).startswith(b"HTTP/1.1 413 ")
