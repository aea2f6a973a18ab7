"""An answer that is sent in one piece.

gunicorn sends the head and each part of the body on its own, and the client wakes up for each. Here nothing
is sent before all of it is there; so what goes wrong on the way can still be answered with an error.
"""

import socket
from typing import Any

from gunicorn.http.message import Request
from gunicorn.http.wsgi import Response


class _Gathered:
    """Stands in for the socket until the answer is complete."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self._pieces: list[bytes] = []

    def sendall(self, piece: bytes) -> None:
        """Keep a piece."""
        self._pieces.append(piece)

    def send_on(self) -> None:
        """Send what was kept."""
        self._client.sendall(b"".join(self._pieces))


class Answer(Response):  # type: ignore[misc]
    """gunicorn's response, gathered; answers of the webhook have a few megabytes at most."""

    def __init__(self, req: Request, client: socket.socket, cfg: Any) -> None:
        self._gathered = _Gathered(client)
        super().__init__(req, self._gathered, cfg)

    def close(self) -> None:
        """Send everything."""
        super().close()
        self._gathered.send_on()
