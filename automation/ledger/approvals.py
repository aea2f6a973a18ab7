"""Questions to people: may this playbook, as it is now, run on this target."""

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from automation.clock import Clock, at
from automation.ledger.database import Ledger
from automation.ledger.runs import Variables
from contract.moments import rfc3339

PREPARING = "The playbook is being tried in check mode; what it would change is shown here when it is known."


@dataclass(frozen=True)
class Approval:
    """One question; its answer is in the instructions."""

    id: str
    episode: str
    remedy: str
    variables: Variables
    command: str
    expires_steady: float
    preview: str | None
    digest: str | None = None
    """What the playbooks folder held when it was asked: an answer is about that and nothing else."""

    def as_json(self, clock: Clock) -> dict[str, Any]:
        """Return the question as the report of a decision carries it."""
        return {
            "id": self.id,
            "expires_at": rfc3339(at(clock, self.expires_steady)),
            "preview": PREPARING if self.preview is None else self.preview,
            "command": self.command,
        }


def approval_id(*parts: object) -> str:
    """Return the id of a question: another playbook, target or value is another question."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def find(ledger: Ledger, name: str) -> Approval | None:
    """Return a question that was asked."""
    rows = ledger.rows("SELECT * FROM approvals WHERE id = ?", name)
    return _approval(rows[0]) if rows else None


def ask(ledger: Ledger, approval: Approval) -> Approval:
    """Keep a question, unless it was asked before; returns it as it is kept."""
    with ledger.transaction() as connection:
        connection.execute(
            "INSERT INTO approvals (id, episode, remedy, variables, command, expires_steady, digest)"
            " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
            (
                approval.id,
                approval.episode,
                approval.remedy,
                json.dumps(approval.variables),
                approval.command,
                approval.expires_steady,
                approval.digest,
            ),
        )
    return _approval(ledger.rows("SELECT * FROM approvals WHERE id = ?", approval.id)[0])


def without_preview(ledger: Ledger, steady: float) -> list[Approval]:
    """Return the open questions whose effect is not known yet."""
    query = """
        SELECT a.* FROM approvals a JOIN decisions d ON d.episode = a.episode AND d.current = 1
        WHERE a.preview IS NULL AND a.expires_steady > ? AND d.reason = 'awaiting_approval'
    """
    return [_approval(row) for row in ledger.rows(query, steady)]


def set_preview(ledger: Ledger, name: str, preview: str) -> None:
    """Keep what the playbook would change; the next decision tells it."""
    with ledger.transaction() as connection:
        connection.execute("UPDATE approvals SET preview = ? WHERE id = ?", (preview, name))


def _approval(row: sqlite3.Row) -> Approval:
    return Approval(**{**dict(row), "variables": json.loads(row["variables"])})
