"""The spool of reports: each is kept until the app has taken it, or refused it for good."""

import json
from dataclasses import dataclass
from typing import Any

from automation.ledger.database import Ledger

DECISIONS = "/api/v1/decisions"
RUNS = "/api/v1/runs"


@dataclass(frozen=True)
class Report:
    """A document on its way to the app."""

    id: int
    path: str
    subject: str
    version: int
    body: str
    tries: int


def spool(ledger: Ledger, path: str, subject: str, document: dict[str, Any], version: int = 1) -> None:
    """Keep a document for the app; a newer version of the same subject replaces an undelivered one."""
    with ledger.transaction() as connection:
        connection.execute(
            """
            INSERT INTO reports (path, subject, version, body) VALUES (?, ?, ?, ?)
            ON CONFLICT (path, subject) DO UPDATE SET version = excluded.version, body = excluded.body,
                tries = 0, next_steady = 0, refused = NULL
            """,
            (path, subject, version, json.dumps(document)),
        )


def due(ledger: Ledger, steady: float) -> list[Report]:
    """Return the reports to send now, oldest first; those that could not be settled before come last."""
    query = """
        SELECT id, path, subject, version, body, tries FROM reports
        WHERE refused IS NULL AND {} ORDER BY id LIMIT 100
    """
    rows = ledger.rows(query.format("tries = 0"))
    rows += ledger.rows(query.format("tries > 0 AND next_steady <= ?"), steady)
    return [Report(**dict(row)) for row in rows]


def delivered(ledger: Ledger, report: Report) -> None:
    """Drop a report that the app has taken, unless a newer version waits by now."""
    with ledger.transaction(is_aside=True) as connection:
        connection.execute("DELETE FROM reports WHERE id = ? AND version = ?", (report.id, report.version))


def retry_at(ledger: Ledger, report: Report, steady: float) -> None:
    """Count a failed try and set the next one."""
    with ledger.transaction(is_aside=True) as connection:
        connection.execute(
            "UPDATE reports SET tries = tries + 1, next_steady = ? WHERE id = ? AND version = ?",
            (steady, report.id, report.version),
        )


def refused(ledger: Ledger, report: Report, reason: str) -> None:
    """Set aside a report that no retry can mend; it stays visible and does not hold up others."""
    with ledger.transaction(is_aside=True) as connection:
        connection.execute(
            "UPDATE reports SET refused = ? WHERE id = ? AND version = ?", (reason, report.id, report.version)
        )


def counts(ledger: Ledger) -> tuple[int, int]:
    """Return how many reports wait and how many were refused."""
    query = "SELECT COUNT(*) FILTER (WHERE refused IS NULL) AS w, COUNT(refused) AS r FROM reports"
    row = ledger.rows(query)[0]
    return row["w"], row["r"]
