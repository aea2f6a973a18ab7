"""Servers that stand for other parts where what they answer is all that matters."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Answering(BaseHTTPRequestHandler):
    """Answers with JSON what ``asked`` and ``told`` of a subclass find, and logs nothing."""

    def do_GET(self) -> None:
        self.asked()

    def do_POST(self) -> None:
        self.told()

    def asked(self) -> None:
        """Answer a GET."""
        self.answer({}, 404)

    def told(self) -> None:
        """Answer a POST."""
        self.answer({}, 404)

    def answer(self, document: object, status: int = 200) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(handler: type[Answering], port: int = 0) -> Iterator[str]:
    """Serve on a free port of this machine, or on a given one; yields host and port."""
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
