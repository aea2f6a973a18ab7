"""The gate passes every byte and keeps no connection for good."""

import socket
import ssl
import struct
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gate import relay
from tests.certificates import make_certificate
from tests.waiting import until

RESET = struct.pack("ii", 1, 0)


def everything(connection):
    """Return what comes until the other side ends."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def is_cut(connection):
    """Say whether a connection ends without another byte."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@given(asked=st.binary(max_size=4096), times=st.sampled_from([1, 100]), answered=st.binary(max_size=4096))
@settings(max_examples=25, deadline=5000)
def test_bytes_arrive_unchanged_and_one_direction_may_end_alone(passage, asked, times, answered):
    near, far = passage.pair()
    with near, far:
        sender = threading.Thread(target=lambda: (near.sendall(asked * times), near.shutdown(socket.SHUT_WR)))
        sender.start()
        assert everything(far) == asked * times
        sender.join(20)
        far.sendall(answered)
        far.shutdown(socket.SHUT_WR)
        assert everything(near) == answered


def test_tls_passes_through_to_the_certificate_behind_it(passage, tmp_path):
    files = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certificate, files.key)
    near, far = passage.pair()

    def serve():
        with context.wrap_socket(far, server_side=True) as server:
            server.sendall(b"through")

    server = threading.Thread(target=serve)
    server.start()
    trust = ssl.create_default_context(cafile=files.certificate)
    with trust.wrap_socket(near, server_hostname="localhost") as client:
        assert client.recv(10) == b"through"
    server.join(20)


@pytest.mark.parametrize("side", [0, 1])
def test_a_reset_of_one_side_ends_the_other(passage, side):
    ends = passage.pair()
    ends[side].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    ends[side].close()
    assert is_cut(ends[1 - side])
    ends[1 - side].close()


@pytest.mark.threat("T39")
def test_it_listens_to_its_own_pod_alone(passage):
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", passage.route.port), 5)


def test_a_connection_without_a_byte_is_cut_and_one_that_moves_is_not(passage, monkeypatch):
    monkeypatch.setattr(relay, "IDLE_SECONDS", 1.0)
    silent, moving = passage.pair(), passage.pair()
    for _ in range(8):
        moving[1].sendall(b".")  # one direction is enough
        assert moving[0].recv(1) == b"."
        if silent[0] and is_waiting(silent[0], 0.25):
            assert is_cut(silent[0])
            break
    else:
        pytest.fail("the silent one is still there")
    moving[1].sendall(b"!")
    assert moving[0].recv(1) == b"!"
    for end in (*silent, *moving):
        end.close()


def is_waiting(connection, seconds):
    """Say whether there is something to read within so many seconds."""
    connection.settimeout(seconds)
    try:
        connection.recv(1, socket.MSG_PEEK)
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True
    return True


def test_a_client_that_does_not_read_is_cut(passage, monkeypatch):
    monkeypatch.setattr(relay, "IDLE_SECONDS", 0.5)
    near, far = passage.pair()
    with near, far, pytest.raises(ConnectionError):
        far.sendall(b"." * 64 * 1024 * 1024)


def test_too_many_connections_are_closed_and_there_is_room_afterwards(passage, monkeypatch, capfd):
    monkeypatch.setattr(relay, "MAX_CONNECTIONS", 2)
    held = [passage.pair(), passage.pair()]
    for _ in range(3):
        with passage.connect() as refused:
            assert is_cut(refused)
    for end in held.pop():
        end.close()

    def has_room():
        with passage.connect() as connection:
            connection.sendall(b".")
            passage.far.settimeout(0.2)
            try:
                with passage.far.accept()[0] as far:
                    return far.recv(1)
            except TimeoutError:
                return False

    assert until(has_room)
    assert capfd.readouterr().out.count("full") == 1
    for end in held.pop():
        end.close()


def test_another_side_that_is_away_is_said_once_and_its_return_too(passage, capfd):
    there, passage.route.host_port = passage.route.host_port, 1
    for _ in range(3):
        with passage.connect() as connection:
            assert is_cut(connection)
    passage.route.host_port = there
    for end in passage.pair():
        end.close()
    said = []

    def says_it_is_back():
        said.append(capfd.readouterr().out)
        return "reached_again" in "".join(said)

    until(says_it_is_back)
    assert "".join(said).count("unreachable") == 1
