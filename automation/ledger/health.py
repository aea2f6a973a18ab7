"""Whether a ledger is whole: the file, its schema, and what must be true of its rows."""

import contextlib
import sqlite3
from importlib import resources
from pathlib import Path

SCHEMAS = ("schema.sql", "schema_2.sql", "schema_3.sql", "schema_4.sql", "schema_5.sql")
"""What makes each version from the one before."""
TABLES = [
    "meta",
    "episodes",
    "decisions",
    "runs",
    "locks",
    "reports",
    "approvals",
    "shadow_runs",
    "inherited_runs",
]
SHOWN = 10

INVARIANTS = {
    "has more than one current decision": """
        SELECT episode FROM decisions WHERE current = 1 GROUP BY episode HAVING COUNT(*) > 1""",
    "was decided about, and has no current decision": """
        SELECT episode FROM decisions GROUP BY episode HAVING MAX(current) = 0""",
    "is over, and has no end": """
        SELECT id FROM runs WHERE state NOT IN ('queued', 'running') AND finished_steady IS NULL""",
    "is not over, and has an end": """
        SELECT id FROM runs WHERE state IN ('queued', 'running') AND finished_steady IS NOT NULL""",
    "has a verdict without having succeeded": """
        SELECT id FROM runs WHERE verification IS NOT NULL AND state != 'succeeded'""",
    "is not over, and does not hold its target": """
        SELECT id FROM runs WHERE state IN ('queued', 'running') AND attempt > 0
        AND id NOT IN (SELECT run FROM locks)""",
    "is over, and still holds its target": """
        SELECT run FROM locks WHERE run NOT IN (SELECT id FROM runs WHERE state IN ('queued', 'running'))""",
    "is the decision to run of an episode that has no such run": """
        SELECT id FROM decisions d WHERE current = 1 AND decision = 'run' AND NOT EXISTS (
            SELECT 1 FROM runs r WHERE r.episode = d.episode AND r.attempt = d.attempt)""",
    "is the journal's offset, and no number": """
        SELECT key FROM meta WHERE key = 'offset' AND value GLOB '*[^0-9]*'""",
}
"""What is wrong, in words, and the rows for which it is."""


def problems(path: Path) -> list[str]:
    """Say what is wrong with a ledger that nobody writes now; nothing if it is whole."""
    if not path.exists():
        return ["the file is missing"]
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
            return _problems(connection)
    except sqlite3.DatabaseError as error:
        return [f"it cannot be read: {error}"]


def _problems(connection: sqlite3.Connection) -> list[str]:
    found = [row[0] for row in connection.execute(f"PRAGMA integrity_check({SHOWN})")]
    if found != ["ok"]:
        return found
    if problem := foreign(connection):
        return [problem]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version < len(SCHEMAS):
        return []  # of an older program: the next start brings it up to date, and judges it then
    broken = [f"a row of {row[0]} leads nowhere" for row in connection.execute("PRAGMA foreign_key_check")]
    for words, query in INVARIANTS.items():
        broken += [f"{row[0]} {words}" for row in connection.execute(query).fetchmany(SHOWN)]
    return broken


def foreign(connection: sqlite3.Connection) -> str | None:
    """Say that a database is not a ledger, or not of a version that this program knows."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    there = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if version > len(SCHEMAS):
        return f"it has version {version}, this program knows {len(SCHEMAS)}: start the program that wrote it"
    if version == 0 and there:
        return f"it is another program's database (table {min(there)}), no ledger"
    if version == len(SCHEMAS) and (missing := sorted(set(TABLES) - there)):
        return f"it has no table {missing[0]}"
    return None


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a ledger to this program's version."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    folder = resources.files("automation.ledger")
    for number, name in enumerate(SCHEMAS[version:], version + 1):
        schema = folder.joinpath(name).read_text(encoding="utf-8")
        connection.executescript(f"BEGIN IMMEDIATE;\n{schema}\nPRAGMA user_version = {number};\nCOMMIT;")
