"""Connections to PostgreSQL that give up a server which accepts and is silent.

The server's own limits don't help then, nor do TCP's: a frozen server's kernel goes on acknowledging.
"""

import time
from collections.abc import Generator
from typing import Any

import psycopg

CONNECT_S = 2
"""Seconds to connect, log-in included; for each of the server's addresses."""
STATEMENT_S = 8
"""Seconds after which the server ends a statement."""
PATIENCE_S = 10.0
"""Seconds after which a connection is given up whose server has not answered a statement."""
INTERVAL_S = 0.1
"""How often a wait looks for Ctrl-C, as psycopg's own does."""
NETWORK: dict[str, Any] = {
    "connect_timeout": CONNECT_S,
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""Connection parameters of libpq that notice a network or a machine that is gone."""


class Connection(psycopg.Connection[Any]):
    """A connection that waits ``patience`` seconds for an answer; None: for as long as it takes."""

    patience: float | None = PATIENCE_S

    def wait(
        self, gen: Generator[Any, Any, Any], interval: float = INTERVAL_S, timeout: float | None = None
    ) -> Any:
        """Wait for the server, as psycopg does.

        Raises:
            psycopg.OperationalError: it was silent for too long; the connection is closed.

        """
        if self.patience is None or timeout is not None:
            return super().wait(gen, interval, timeout)
        started = time.monotonic()
        try:
            return super().wait(gen, interval, self.patience)
        except psycopg.Error:
            if time.monotonic() - started < self.patience:
                raise
            self.close()
            raise psycopg.OperationalError("the database server is silent") from None
