"""A load generator for loopback: keep-alive connections, each waiting for its answer before the next request.

It speaks just enough HTTP/1.1 over raw sockets, because ``http.client`` costs more per request than the
server does. One process serves all its connections with one selector.
"""

import json
import selectors
import socket
import sys
import time
import uuid


def request(token: str, fingerprint: str) -> bytes:
    """One POST with one alert as Alertmanager sends it."""
    body = json.dumps(
        {
            "version": "4",
            "groupKey": '{}:{alertname="IncidentAppErrors"}',
            "truncatedAlerts": 0,
            "status": "firing",
            "receiver": "oims-webhook",
            "groupLabels": {"alertname": "IncidentAppErrors"},
            "commonLabels": {"alertname": "IncidentAppErrors", "severity": "critical"},
            "commonAnnotations": {},
            "externalURL": "http://alertmanager.example",
            "alerts": [
                {
                    "status": "firing",
                    "labels": {
                        "alertname": "IncidentAppErrors",
                        "severity": "critical",
                        "instance": fingerprint,
                    },
                    "annotations": {
                        "summary": "The incident app answers with errors",
                        "description": "More than 5 % of the requests of the last five minutes failed.",
                    },
                    "startsAt": "2026-11-23T15:04:05.123Z",
                    "endsAt": "0001-01-01T00:00:00Z",
                    "generatorURL": "http://prometheus.example/graph?g0.expr=up",
                    "fingerprint": fingerprint,
                }
            ],
        }
    ).encode()
    head = (
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Client:
    """One connection with one request in flight."""

    def __init__(self, port: int, token: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._token = token
        self._answer = b""
        self._sent_at = 0.0
        self._fingerprint = ""
        self._next = request(token, "0" * 16)

    def send(self) -> None:
        """Send the next request; its fingerprint is replaced in place, which costs the least."""
        self._fingerprint = uuid.uuid4().hex[:16]
        self._answer = b""
        self._sent_at = time.perf_counter()
        self.socket.sendall(self._next.replace(b"0" * 16, self._fingerprint.encode()))

    def receive(self) -> tuple[float, str] | None:
        """Return the seconds a request took and its fingerprint, once its answer is whole; it must be 200."""
        self._answer += self.socket.recv(65536)
        head, end, body = self._answer.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        if not end or len(body) < length:
            return None
        assert head.startswith(b"HTTP/1.1 200"), self._answer
        return time.perf_counter() - self._sent_at, self._fingerprint


def run(port: int, token: str, clients: int, seconds: float) -> tuple[float, list[float], list[str]]:
    """Load the server; the seconds it took, the time of each request, and the fingerprints acknowledged."""
    selector = selectors.DefaultSelector()
    for client in [Client(port, token) for _ in range(clients)]:
        selector.register(client.socket, selectors.EVENT_READ, client)
        client.send()
    started = time.perf_counter()
    times, acknowledged, in_flight = [], [], clients
    while in_flight:
        for key, _ in selector.select(10):
            done = key.data.receive()
            if done is None:
                continue
            times.append(done[0])
            acknowledged.append(done[1])
            if time.perf_counter() - started < seconds:
                key.data.send()
            else:
                in_flight -= 1
                key.data.socket.close()
                selector.unregister(key.fileobj)
    return time.perf_counter() - started, times, acknowledged


if __name__ == "__main__":
    took, times, acknowledged = run(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
    json.dump({"seconds": took, "times": times, "acknowledged": acknowledged}, sys.stdout)
