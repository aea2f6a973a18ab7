"""The floor of B1: bare Flask over SQLite (WAL, FULL), one commit per request, no checks, no log."""

import sqlite3
import sys
import threading
from typing import Any

from flask import Flask, Response, request
from gunicorn.app.base import BaseApplication

from webhook.wsgi import KEEPALIVE_SECONDS, THREADS

INSERT = "INSERT OR IGNORE INTO alerts VALUES (?, ?, ?)"


def create_app(path: str) -> Flask:
    """Insert the first alert of each POST in a transaction of its own."""
    app = Flask("floor", static_folder=None)
    local = threading.local()

    def connection() -> sqlite3.Connection:
        if not hasattr(local, "connection"):
            local.connection = sqlite3.connect(path, timeout=30, isolation_level=None)
            local.connection.execute("PRAGMA synchronous=FULL")
        return local.connection

    @app.post("/")
    def take() -> Response:
        alert = request.get_json()["alerts"][0]
        connection().execute(
            INSERT, (alert["fingerprint"], alert["startsAt"], request.get_data(as_text=True))
        )
        return Response('{"accepted":1}\n', content_type="application/json")

    return app


class Server(BaseApplication):
    """gunicorn with the webhook's settings and its stock threaded worker."""

    def __init__(self, bind: str, path: str) -> None:
        self._bind = bind
        self._path = path
        super().__init__()

    def load_config(self) -> None:
        """Set the same processes, threads and keep-alive as the webhook."""
        settings: dict[str, Any] = {
            "bind": [self._bind],
            "workers": 1,
            "threads": THREADS,
            "worker_class": "gthread",
            "keepalive": KEEPALIVE_SECONDS,
            "control_socket_disable": True,
            "loglevel": "warning",
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the table, then the application."""
        with sqlite3.connect(self._path) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(
                "CREATE TABLE alerts (fingerprint, starts_at, body, UNIQUE (fingerprint, starts_at))"
            )
        connection.close()
        return create_app(self._path)


if __name__ == "__main__":
    Server(sys.argv[1], sys.argv[2]).run()
