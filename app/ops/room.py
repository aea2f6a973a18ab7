"""Whether the disk has room for what SQLite writes next; a server looks after its own."""

import shutil
from pathlib import Path

from sqlalchemy import Engine

LEAST_BYTES = 2 * 1024 * 1024
"""More than the largest request can add: below it, writes are about to fail."""


def is_left(engine: Engine) -> bool:
    """Say whether the database's disk has room. Raises OSError when its folder is gone."""
    found = volume(engine)
    return found is None or found[0] >= LEAST_BYTES


def volume(engine: Engine) -> tuple[int, int] | None:
    """Return the free bytes and the size of the database's volume; none with a server.

    Raises OSError when its folder is gone.
    """
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return None
    usage = shutil.disk_usage(Path(engine.url.database).parent)
    return usage.free, usage.total
