"""An answer that is sent in one piece.

gunicorn sends the head and each part of the body on its own, and the client wakes up for each. Here nothing
is sent before all of it is there; so what goes wrong on the way can still be answered with an error.
"""

import socket
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, Any

from gunicorn.http.message import Request
from gunicorn.http.wsgi import Response

if TYPE_CHECKING:
    from collections.abc import Iterable


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
        self.parts: Iterable[bytes] = ()

    def complete(self) -> None:
        """Have the application finish its answer, and send it."""
        with closing(self.parts) if hasattr(self.parts, "close") else nullcontext():  # type: ignore[type-var]
            for part in self.parts:
                self.write(part)
            self.close()

    def close(self) -> None:
        """Send everything."""
        super().close()
        self._gathered.send_on()
