"""The floor of the intake: bare Flask over SQLite (WAL, FULL), one commit per request, no checks, no log."""

import contextlib
import sqlite3
import sys
import threading

from flask import Flask, Response, request

from serving import Limits, Listener, serve
from webhook.payload import MAX_BODY_BYTES
from webhook.wsgi import GRACEFUL_SECONDS, THREADS

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


def main(bind: str, path: str) -> None:
    """Make the table, then serve as the webhook does, each request in a thread of its own."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(
            "CREATE TABLE alerts (fingerprint, starts_at, body, UNIQUE (fingerprint, starts_at))"
        )
    listener = Listener("bind", bind, create_app(path), THREADS, Limits(MAX_BODY_BYTES))
    serve([listener], certificate=None, on_stop=lambda: None, grace_seconds=GRACEFUL_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
