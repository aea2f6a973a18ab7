"""Recording decisions: one current per episode, each change reported once."""

import json
import sqlite3
import uuid
from typing import Any

from automation.clock import Clock, at
from automation.ledger.approvals import Approval
from automation.ledger.database import Ledger
from automation.ledger.episodes import Episode
from automation.ledger.reports import DECISIONS, spool
from automation.records import Decision
from contract.moments import rfc3339


def current(ledger: Ledger, episode: str) -> sqlite3.Row | None:
    """Return the current decision of an episode."""
    rows = ledger.rows("SELECT * FROM decisions WHERE episode = ? AND current = 1", episode)
    return rows[0] if rows else None


def record(
    ledger: Ledger,
    episode: Episode,
    decision: Decision,
    clock: Clock,
    *,
    approval: Approval | None = None,
    shadow: dict[str, Any] | None = None,
    is_told: bool = True,
) -> bool:
    """Make a decision the current one and spool its report; say whether there is news to tell.

    `approval` is what a person is asked, `shadow` what would have been done in shadow mode.
    """
    key = _key(decision)
    asked = approval.as_json(clock) if approval else None
    with ledger.transaction() as connection:
        last = current(ledger, episode.id)
        if last is not None and key == tuple(last[name] for name in _KEY) and not _is_new(last, asked):
            return False
        connection.execute(
            "UPDATE decisions SET current = 0 WHERE episode = ? AND current = 1", (episode.id,)
        )
        document = _document(episode, decision, clock)
        document |= {"approval": asked} if asked else {}
        document |= {"shadow": shadow} if shadow else {}
        connection.execute(
            f"INSERT INTO decisions (id, episode, {', '.join(_KEY)}, document, current)"  # noqa: S608 - constant
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)",
            (document["id"], episode.id, *key, json.dumps(document)),
        )
        if is_told:
            spool(ledger, DECISIONS, document["id"], document)
        return is_told


def _is_new(last: sqlite3.Row, asked: dict[str, Any] | None) -> bool:
    """Say whether a question says more than the last time (its end, computed from two clocks, is no news)."""
    before = json.loads(last["document"]).get("approval") or {}
    return asked is not None and any(asked[name] != before.get(name) for name in ("id", "preview"))


_KEY = ("decision", "reason", "remedy", "target", "attempt")


def _key(decision: Decision) -> tuple[str | int | None, ...]:
    target = decision.target.key if decision.target else None
    reason = decision.reason.value if decision.reason else None
    return (decision.kind.value, reason, decision.remedy, target, decision.attempt)


def _document(episode: Episode, decision: Decision, clock: Clock) -> dict[str, Any]:
    return {
        "id": uuid.uuid4().hex,
        "episode": episode.id,
        "event_id": episode.event_id,
        "seq": episode.last_seq,
        "fingerprint": episode.fingerprint,
        "alertname": episode.alertname,
        "decision": decision.kind.value,
        "reason": decision.reason.value if decision.reason else None,
        "detail": decision.detail,
        "remedy": decision.remedy,
        "playbook": decision.playbook,
        "target": decision.target.as_json() if decision.target else None,
        "attempt": decision.attempt,
        "decided_at": rfc3339(clock.wall()),
        "until": rfc3339(at(clock, decision.until)) if decision.until is not None else None,
        "escalate": decision.escalate,
    }
