"""Connections that were just answered, whose clients may be about to send their next request."""

import select
import time

from gunicorn.workers.gthread import TConn

from webhook.arrival import Arrival, Progress

# Longer than a round of requests takes under load, too short to matter to whoever counts connections.
PATIENCE_SECONDS = 0.01


class Lookout:
    """Watches connections for one thread, so that a busy client costs no way through the main loop."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._watched: dict[int, tuple[TConn, float]] = {}

    def watch(self, conn: TConn) -> None:
        """Look out for the next request of a connection."""
        number = conn.sock.fileno()
        self._watched[number] = conn, time.monotonic()
        self._poll.register(number, select.POLLIN)

    def look(self, milliseconds: int) -> tuple[list[TConn], list[TConn]]:
        """Wait until something comes, and stop watching two kinds of connections.

        Those on which a whole POST has come, and those for the main loop: what has come is something else, or
        nothing has for some time. What was read is in the connection's unreader.
        """
        posts: list[TConn] = []
        others: list[TConn] = []
        for number, _ in self._poll.poll(milliseconds):
            conn = self._release(number)
            arrival = Arrival()
            is_whole = arrival.receive(conn.sock) is Progress.WHOLE
            conn.parser.unreader.unread(bytes(arrival.data))
            (posts if is_whole and arrival.is_post else others).append(conn)
        long_ago = time.monotonic() - PATIENCE_SECONDS
        idle = [number for number, (_, since) in self._watched.items() if since < long_ago]
        return posts, others + [self._release(number) for number in idle]

    def end(self) -> list[TConn]:
        """Stop watching; return the connections that were left."""
        return [self._release(number) for number in list(self._watched)]

    def _release(self, number: int) -> TConn:
        self._poll.unregister(number)
        return self._watched.pop(number)[0]
