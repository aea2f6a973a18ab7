"""Taking events in: the effect on the episodes and the journal's offset, in one transaction."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from automation.events.schemas import Event
from automation.ledger.database import Ledger
from automation.policy.match import Owner, Target

OFFSET = "offset"
JOURNAL_ID = "journal_id"


@dataclass(frozen=True)
class Episode:
    """One stretch of firing of one alert."""

    id: str
    fingerprint: str
    alertname: str
    labels: dict[str, str]
    annotations: dict[str, str]
    is_firing: bool
    event_id: str
    opened_seq: int
    last_seq: int
    opened_at: str
    opened_steady: float
    resolved_at: str | None
    resolved_steady: float | None
    returns: int
    """How often it fired again after it had been taken for resolved."""
    owner: Owner | None = None
    """The workload behind what the alert names; none while nobody has found it, or the policy names one."""


def offset(ledger: Ledger) -> int:
    """Return the sequence number up to which the journal has been taken in."""
    return int(ledger.meta(OFFSET) or 0)


def take_in(ledger: Ledger, events: Iterable[Event], steady: float, new_offset: int | None = None) -> int:
    """Store the effect of events, and the offset when they came from the journal.

    An event that is not newer than what its episode knows has no effect, so events may come twice and by
    two ways. Returns how many had an effect.
    """
    with ledger.transaction() as connection:
        effects = sum(_apply(connection, event, steady) for event in events)
        if new_offset is not None:
            ledger.set_meta(OFFSET, new_offset)
        return effects


def start_over(ledger: Ledger, journal_id: str, steady: float) -> None:
    """Begin with another journal: its sequence numbers say nothing about the old one's episodes.

    What still fires there comes again under the same episode; the rest can never be resolved by an event,
    so it ends here.
    """
    with ledger.transaction() as connection:
        connection.execute(
            "UPDATE episodes SET resolved_steady = ?, status = 'resolved' WHERE status = 'firing'", (steady,)
        )
        connection.execute("UPDATE episodes SET last_seq = 0")
        ledger.set_meta(OFFSET, 0)
        ledger.set_meta(JOURNAL_ID, journal_id)


def end_missing(ledger: Ledger, kept: set[str], steady: float) -> int:
    """End the firing episodes that the journal no longer knows; returns how many."""
    firing = ledger.rows("SELECT id FROM episodes WHERE status = 'firing'")
    gone = [row["id"] for row in firing if row["id"] not in kept]
    with ledger.transaction() as connection:
        connection.executemany(
            "UPDATE episodes SET resolved_steady = ?, status = 'resolved' WHERE id = ?",
            [(steady, name) for name in gone],
        )
    return len(gone)


def undecided(ledger: Ledger) -> list[Episode]:
    """Return the episodes that need a look, oldest first.

    Those without a decision, with one that waits, firing again after they were over, and those whose run
    is settled without success.
    """
    rows = ledger.rows(
        """
        SELECT e.* FROM episodes e LEFT JOIN decisions d ON d.episode = e.id AND d.current = 1
        WHERE d.id IS NULL
           OR d.decision = 'deferred'
           OR (e.status = 'firing' AND d.reason = 'already_resolved')
           OR (d.decision = 'run' AND EXISTS (
               SELECT 1 FROM runs r WHERE r.episode = e.id AND r.attempt = d.attempt
               AND r.state NOT IN ('queued', 'running') AND r.verification IS NOT 'pending'
               AND (e.status = 'firing' OR r.verification = 'inconclusive')))
        ORDER BY e.opened_seq
        """
    )
    return [_episode(row) for row in rows]


def get_episode(ledger: Ledger, episode_id: str) -> Episode:
    """Return an episode by its id."""
    return _episode(ledger.rows("SELECT * FROM episodes WHERE id = ?", episode_id)[0])


def note_owner(ledger: Ledger, episode_id: str, owner: Owner) -> None:
    """Keep which workload an alert is about: later the object that it names may be gone."""
    with ledger.transaction() as connection:
        connection.execute(
            "UPDATE episodes SET owner = ? WHERE id = ?", (json.dumps(asdict(owner)), episode_id)
        )


def latest_episode(ledger: Ledger, fingerprint: str) -> Episode:
    """Return the newest episode of an alert."""
    query = (
        "SELECT * FROM episodes WHERE fingerprint = ? ORDER BY opened_seq DESC, opened_steady DESC LIMIT 1"
    )
    return _episode(ledger.rows(query, fingerprint)[0])


def opened_since(ledger: Ledger, fingerprint: str, steady: float) -> int:
    """Return how many episodes of an alert were opened since a steady time."""
    query = "SELECT COUNT(*) AS n FROM episodes WHERE fingerprint = ? AND opened_steady > ?"
    return int(ledger.rows(query, fingerprint, steady)[0]["n"])


def targets_since(ledger: Ledger, alerts: Iterable[str], steady: float) -> int:
    """Return on how many targets alerts of these names began since a steady time.

    Alerts of one workload that was found are one; of others, each alert is its own.
    """
    names = json.dumps(list(alerts))
    query = (
        "SELECT COUNT(DISTINCT COALESCE(json_extract(owner, '$.target'), fingerprint)) AS n FROM episodes "
        "WHERE opened_steady > ? AND alertname IN (SELECT value FROM json_each(?))"
    )
    return int(ledger.rows(query, steady, names)[0]["n"])


def is_signal_lost(ledger: Ledger, alertname: str) -> bool:
    """Say whether an alert that should always fire has been seen and fires no more."""
    rows = ledger.rows("SELECT status FROM episodes WHERE alertname = ?", alertname)
    return bool(rows) and all(row["status"] == "resolved" for row in rows)


def _apply(connection: sqlite3.Connection, event: Event, steady: float) -> bool:
    known = connection.execute(
        "SELECT status, last_seq FROM episodes WHERE id = ?", (event.episode,)
    ).fetchone()
    if known is None:
        _insert(connection, event, steady)
        return True
    if event.seq <= known["last_seq"]:
        return False
    resolved = event.status == "resolved"
    was_resolved = known["status"] == "resolved"
    connection.execute(
        """
        UPDATE episodes SET status = ?, event_id = ?, last_seq = ?, labels = ?, annotations = ?,
            resolved_at = ?, resolved_steady = ?, returns = returns + ?
        WHERE id = ?
        """,
        (
            event.status,
            event.id,
            event.seq,
            json.dumps(event.labels),
            json.dumps(event.annotations),
            event.received_at if resolved else None,
            steady if resolved else None,
            int(was_resolved and not resolved),
            event.episode,
        ),
    )
    return True


def _insert(connection: sqlite3.Connection, event: Event, steady: float) -> None:
    resolved = event.status == "resolved"
    connection.execute(
        """
        INSERT INTO episodes (id, fingerprint, alertname, labels, annotations, status, event_id, opened_seq,
            last_seq, opened_at, opened_steady, resolved_at, resolved_steady)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            event.episode,
            event.fingerprint,
            event.alertname,
            json.dumps(event.labels),
            json.dumps(event.annotations),
            event.status,
            event.id,
            event.seq,
            event.seq,
            event.received_at,
            steady,
            event.received_at if resolved else None,
            steady if resolved else None,
        ),
    )


def _episode(row: sqlite3.Row) -> Episode:
    values = dict(row)
    values["labels"], values["annotations"] = json.loads(row["labels"]), json.loads(row["annotations"])
    values["owner"] = _owner(row["owner"])
    values["is_firing"] = values.pop("status") == "firing"
    return Episode(**values)


def _owner(text: str | None) -> Owner | None:
    if text is None:
        return None
    values = json.loads(text)
    return Owner(**values | {"target": Target(**values["target"]) if values["target"] else None})
