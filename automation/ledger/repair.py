"""Mending a damaged ledger: what can be read is kept, and what may be missing is left to people.

A run that was lost with its page may have been done. So no alert that is older than the repair is acted on
again: its episode is `unknown`, and a person is told. New alerts are handled as ever.
"""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from automation.clock import SystemClock
from automation.ledger.database import FILE, REPAIRING, Ledger, load_anchor, save_anchor
from automation.ledger.health import TABLES, migrate
from automation.ledger.unknown import mark

STEADY = {
    "episodes": ("opened_steady", "resolved_steady"),
    "runs": ("queued_steady", "finished_steady"),
    "shadow_runs": ("started_steady",),
    "inherited_runs": ("started_steady", "ended_steady"),
}
DOCUMENTS = {
    "episodes": ("labels", "annotations"),
    "decisions": ("document",),
    "runs": ("variables", "document"),
    "approvals": ("variables",),
    "reports": ("body",),
}
PARTS = ("", "-wal", "-shm")


def repair(state_dir: Path, aside: Path) -> dict[str, int]:
    """Keep a damaged ledger as `aside` and put a new one of what can be read in its place.

    Returns the rows kept, by table. Interrupted at any point, it leaves a ledger that is refused until it is
    repaired again. The caller holds the lock of the state directory.
    """
    path, note = state_dir / FILE, state_dir / REPAIRING
    if note.exists():
        aside = state_dir / note.read_text(encoding="utf-8").strip()
    else:
        _copy_files(path, aside)
        _write(note, aside.name)
    reading, new = state_dir / "ledger.db.reading", state_dir / "ledger.db.new"
    _remove(reading)
    _remove(new)
    _copy_files(aside, reading)  # to open it would change it
    kept = _fill(new, reading)
    _remove(reading)
    _remove(path)
    new.rename(path)
    note.unlink()
    return kept


def _copy_files(path: Path, to: Path) -> None:
    for part in PARTS:
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(path.with_name(path.name + part), to.with_name(to.name + part))
            to.with_name(to.name + part).chmod(0o600)
    os.sync()


def _write(path: Path, text: str) -> None:
    new = path.with_name(path.name + ".new")
    new.write_text(text, encoding="utf-8")
    os.sync()
    new.rename(path)


def _remove(path: Path) -> None:
    for part in PARTS:
        path.with_name(path.name + part).unlink(missing_ok=True)


def _fill(new: Path, damaged: Path) -> dict[str, int]:
    connection = sqlite3.connect(new, isolation_level=None)
    new.chmod(0o600)
    migrate(connection)
    ledger = Ledger(connection)
    with contextlib.closing(ledger), ledger.transaction():
        kept = {table: _copy(connection, damaged, table) for table in TABLES}
        _put_in_order(connection)
        mark(ledger, _set_clock(ledger))
    return kept


def _copy(connection: sqlite3.Connection, damaged: Path, table: str) -> int:
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    count = 0
    for row in _rows(damaged, table):
        values = {name: value for name, value in row.items() if name in columns}
        marks = ", ".join("?" * len(values))
        statement = f"INSERT OR IGNORE INTO {table} ({', '.join(values)}) VALUES ({marks})"  # noqa: S608 - own names
        with contextlib.suppress(sqlite3.Error):  # a row that no ledger would have written
            count += connection.execute(statement, tuple(values.values())).rowcount
    return count


def _rows(damaged: Path, table: str) -> Iterator[dict[str, object]]:
    """Read a table from its beginning and from its end, each up to the first page that is damaged."""
    for order in ("ASC", "DESC"):
        try:
            address = f"file:{damaged}?mode=rw"  # rw: what is in the write-ahead log counts
            with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
                connection.text_factory = lambda data: data.decode(errors="replace")
                connection.row_factory = sqlite3.Row
                query = f"SELECT * FROM {table} ORDER BY rowid {order}"  # noqa: S608 - one of TABLES
                for row in connection.execute(query):
                    yield dict(row)
        except sqlite3.Error:
            continue
        return


ORDER = (
    """
    INSERT OR IGNORE INTO episodes (id, fingerprint, alertname, labels, annotations, status, event_id,
        opened_seq, last_seq, opened_at, opened_steady, resolved_steady)
    SELECT episode, fingerprint, coalesce(json_extract(document, '$.alertname'), ''), '{}', '{}', 'resolved',
        coalesce(json_extract(document, '$.event_id'), ''), 0, 0,
        coalesce(json_extract(document, '$.queued_at'), '1970-01-01T00:00:00Z'), queued_steady, queued_steady
    FROM runs WHERE episode NOT IN (SELECT id FROM episodes)""",
    "UPDATE episodes SET owner = NULL",  # it is looked for again
    "DELETE FROM decisions WHERE episode NOT IN (SELECT id FROM episodes)",
    "DELETE FROM approvals WHERE episode NOT IN (SELECT id FROM episodes)",
    "DELETE FROM shadow_runs WHERE episode NOT IN (SELECT id FROM episodes)",
    "UPDATE runs SET verification = NULL WHERE state != 'succeeded'",
    """
    UPDATE runs SET finished_steady = queued_steady
    WHERE state NOT IN ('queued', 'running') AND finished_steady IS NULL""",
    # What was to be started may have been: it ends as interrupted, like what was at work.
    "UPDATE runs SET state = 'running', finished_steady = NULL WHERE state IN ('queued', 'running')",
    "DELETE FROM locks",
    """
    INSERT OR IGNORE INTO locks (target, run)
    SELECT target, id FROM runs WHERE state = 'running' AND attempt > 0""",
    # Two at work on one target are no more than one; the newer lost its place.
    """
    UPDATE runs SET state = 'interrupted', finished_steady = queued_steady
    WHERE state = 'running' AND attempt > 0 AND id NOT IN (SELECT run FROM locks)""",
    "DELETE FROM meta WHERE key = 'offset' AND value GLOB '*[^0-9]*'",
    # Decided again, as unknown: what fires and was not declined, and what lost a half of its history.
    """
    DELETE FROM decisions WHERE episode IN (
        SELECT id FROM episodes WHERE status = 'firing' AND id NOT IN (
            SELECT episode FROM decisions WHERE current = 1 AND decision = 'declined'))""",
    """
    DELETE FROM decisions WHERE episode IN (
        SELECT episode FROM decisions d WHERE current = 1 AND decision = 'run' AND NOT EXISTS (
            SELECT 1 FROM runs r WHERE r.episode = d.episode AND r.attempt = d.attempt))""",
    """
    DELETE FROM decisions WHERE episode IN (
        SELECT episode FROM decisions GROUP BY episode HAVING MAX(current) = 0)""",
)
"""What makes true again what must be true of a ledger, where the other half of it was lost."""


def _put_in_order(connection: sqlite3.Connection) -> None:
    for table, columns in DOCUMENTS.items():
        for column in columns:
            connection.execute(f"DELETE FROM {table} WHERE NOT json_valid({column})")  # noqa: S608 - own names
    for statement in ORDER:
        connection.execute(statement)


def _set_clock(ledger: Ledger) -> float:
    """Let the steady clock go on after everything that is kept. Returns its time."""
    latest = [
        ledger.rows(f"SELECT MAX({column}) AS at FROM {table}")[0]["at"] or 0.0  # noqa: S608 - own names
        for table, columns in STEADY.items()
        for column in columns
    ]
    try:
        last = load_anchor(ledger)
    except (TypeError, ValueError):
        last = None
    clock = SystemClock(last, at_least=max(latest))
    save_anchor(ledger, clock.anchor())
    return clock.steady()
