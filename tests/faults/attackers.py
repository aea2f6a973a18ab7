"""Clients that do to a web server what no honest client does."""

import contextlib
import socket
import struct
import time

CHUNK_SIZES = ["-6", "+5", "0x5", "1_0", " 5", "ffffffffffffffff"]
CROWD = 200


class Target:
    """A port of a server; with a context it speaks TLS."""

    def __init__(self, port, path, token, context=None):
        self.port, self.path, self.token, self.context = port, path, token, context

    def connect(self, timeout=10):
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=timeout)
        return self.context.wrap_socket(plain, server_hostname="localhost") if self.context else plain

    def head(self, *lines, method="POST", version="HTTP/1.1"):
        first = f"{method} {self.path} {version}", "Host: localhost", f"Authorization: Bearer {self.token}"
        return "\r\n".join([*first, *lines, "", ""]).encode()

    def says(self, data, seconds=10):
        """Send bytes; return what comes back until the server closes, or nothing more comes."""
        answer = b""
        with contextlib.suppress(OSError), self.connect(seconds) as client:
            client.sendall(data)
            while piece := client.recv(65536):
                answer += piece
                client.settimeout(0.5)
        return answer

    def health(self):
        """Ask as a client that behaves; return the status and the seconds it took."""
        started = time.perf_counter()
        with self.connect() as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        return answer.split(b" ", 2)[1], time.perf_counter() - started


def crowds(target):
    """What each of 200 sockets sends before it falls silent, by the name of the crowd."""
    return {
        "no byte": b"",
        "half a head": b"POST / HTTP/1.1\r\nHost: localhost\r\n",
        "half a body": target.head("Content-Length: 1000") + b'{"alerts":[',
        "half a chunk": target.head("Transfer-Encoding: chunked") + b"5\r\nab",
        "leave asked for, then nothing": target.head("Content-Length: 1000", "Expect: 100-continue"),
        "answers never read": target.head("Content-Length: 0") * 50,
    }


def reset(client):
    """Close with a reset instead of a goodbye."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def stages(target):
    """What is sent before a reset, by the stage a request is in."""
    whole = target.head("Content-Length: 2") + b"{}"
    return {
        "after connect": b"",
        "in the head": whole[:20],
        "after Expect": target.head("Content-Length: 1000", "Expect: 100-continue"),
        "in the body": target.head("Content-Length: 1000") + b"{",
        "in a chunk": target.head("Transfer-Encoding: chunked") + b"5\r\na",
        "in the answer": whole * 3,
    }


def malformed(target):
    """Requests that must be refused, or end their connection, by what is wrong with them."""
    chunked = target.head("Transfer-Encoding: chunked")
    body = b'{"alerts":[{"status":"firing","labels":{"alertname":"Smuggled"}}]}'
    return {f"chunk size {size!r}": chunked + size.encode() + b"\r\n" + body for size in CHUNK_SIZES} | {
        "two lengths": target.head(f"Content-Length: {len(body)}", "Content-Length: 3") + body,
        "a signed length": target.head(f"Content-Length: +{len(body)}") + body,
        "a length of 19 digits": target.head("Content-Length: " + "9" * 19) + body,
        "a length of 4,000 digits": target.head("Content-Length: " + "9" * 4000) + body,
        "a negative length": target.head("Content-Length: -1") + body,
        "a length and chunks": target.head(f"Content-Length: {len(body)}", "Transfer-Encoding: chunked")
        + body,
        "another transfer coding": target.head("Transfer-Encoding: gzip, chunked") + body,
        "a head of 64 KiB": target.head("X-Long: " + "a" * 65536, f"Content-Length: {len(body)}") + body,
        "10,000 headers": target.head(*[f"X-{n}: {n}" for n in range(10_000)]) + body,
        "NUL in a header": target.head("X-Nul: a\0b", f"Content-Length: {len(body)}") + body,
        "NUL in the target": b"GET /\0 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "HTTP/0.9": b"GET /healthz\r\n\r\n",
        "HTTP/2's preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
        "not HTTP": bytes(range(256)) + b"\r\n\r\n",
    }
