"""How large a request may be, and how long each step of a connection may take."""

from dataclasses import dataclass

MAX_HEAD_BYTES = 32 * 1024
IDLE_SECONDS = 65.0
"""For a whole head, counted from the end of the answer before it.

Longer than the usual load balancer keeps an idle connection, so that it never meets a closed one.
"""
ANSWER_SECONDS = 30.0
"""For a client to take its answer."""
MAX_REFUSED_BYTES = 16 * 1024 * 1024
"""How much of a refused body is still read, so that a client that reads its answer last gets it."""
MAX_CONNECTIONS = 500
MAX_GATHERED_BYTES = 64 * 1024 * 1024
"""For the bodies of all requests that are on their way in."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one listener grants a request: bytes of its body, and seconds until that body is there."""

    body_bytes: int = 0
    body_seconds: float = 10.0
