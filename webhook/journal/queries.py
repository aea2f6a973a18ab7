"""The SQL of the journal; each function runs inside a transaction or snapshot of a store."""

from collections.abc import Sequence
from typing import NamedTuple

from contract.events import Status
from webhook.journal import schema
from webhook.journal.episodes import Episode, Recorded, Source
from webhook.journal.store import Execute


class State(NamedTuple):
    """The journal as a whole; from ``oldest_seq`` on no event is missing."""

    journal_id: str
    last_seq: int
    oldest_seq: int
    row_count: int
    byte_count: int


def state(execute: Execute) -> State:
    """Return the journal's counters."""
    rows = execute("SELECT journal_id, last_seq, pruned_seq + 1, row_count, byte_count FROM journal_state")
    return State(*rows[0])


def count_events(execute: Execute, *, rows: int, size: int) -> None:
    """Add new events to the journal's counters; each has taken one number."""
    execute(
        "UPDATE journal_state SET last_seq = last_seq + ?, row_count = row_count + ?,"
        " byte_count = byte_count + ?",
        rows,
        rows,
        size,
    )


def rewrite_state(execute: Execute) -> None:
    """Write the counters as they are, which shows that the database can be written to."""
    for statement in schema.REWRITE:
        execute(statement)


class Known(NamedTuple):
    """What the journal knows of a fingerprint: its latest episode, and its events with one start.

    ``last_seq`` is the journal's last number as the counters have it, which new events of the same
    transaction are not in yet.
    """

    latest: Episode | None
    recorded: list[Recorded]
    last_seq: int


def known(execute: Execute, fingerprint: str, starts_at: str) -> Known:
    """Return what is known of a fingerprint; events oldest first."""
    rows = execute(
        "SELECT event.status, event.episode, event.seq, latest.episode, ended_by, newest.starts_at,"
        " COALESCE(firing_seq, latest.last_seq), last_seen_at, firing_seq IS NOT NULL, journal_state.last_seq"
        " FROM journal_state"
        " LEFT JOIN journal_episodes AS latest ON latest.fingerprint = ?"
        " LEFT JOIN journal_events AS newest ON newest.seq = COALESCE(firing_seq, latest.last_seq)"
        " LEFT JOIN journal_events AS event ON event.fingerprint = ? AND event.starts_at = ?"
        " ORDER BY event.seq",
        fingerprint,
        fingerprint,
        starts_at,
    )
    episode, ended_by, newest, seq, seen_at, has_firing, last = rows[0][3:]
    source = Source(ended_by) if ended_by else None
    latest = (
        Episode(episode, source, newest or "", seq, seen_at, is_doubted=bool(source and has_firing))
        if episode
        else None
    )
    return Known(latest, [Recorded(Status(row[0]), row[1], row[2]) for row in rows if row[0]], last)


class Start(NamedTuple):
    """When the newest event of a fingerprint says that the alert began, and whether its episode is open."""

    starts_at: str
    is_open: bool


def newest_start(execute: Execute, fingerprint: str) -> Start | None:
    """Return the start of the latest episode of a fingerprint, none if it is not known any more."""
    rows = execute(
        "SELECT starts_at, ended_by FROM journal_episodes"
        " JOIN journal_events ON seq = COALESCE(firing_seq, last_seq) WHERE journal_episodes.fingerprint = ?",
        fingerprint,
    )
    return Start(rows[0][0], rows[0][1] is None) if rows else None


def insert_event(execute: Execute, event: dict[str, object], body: str) -> None:
    """Add an event; ``body`` is its canonical text."""
    execute(
        "INSERT INTO journal_events VALUES (?, ?, ?, ?, ?, ?, 1, ?)",
        *(event[name] for name in ("seq", "fingerprint", "starts_at", "status", "episode", "received_at")),
        body,
    )


def count_delivery(execute: Execute, seq: int) -> None:
    """Count one more delivery of an event that is there already."""
    execute("UPDATE journal_events SET deliveries = deliveries + 1 WHERE seq = ?", seq)


def save_firing(execute: Execute, event: dict[str, object]) -> None:
    """Note that the episode of a firing event is open."""
    execute(
        "INSERT INTO journal_episodes VALUES (?, ?, NULL, ?, ?, ?) ON CONFLICT (fingerprint) DO UPDATE SET"
        " episode = excluded.episode, ended_by = NULL, last_seq = excluded.last_seq,"
        " last_seen_at = excluded.last_seen_at, firing_seq = excluded.firing_seq",
        *(event[name] for name in ("fingerprint", "episode", "seq", "received_at", "seq")),
    )


def save_end(execute: Execute, event: dict[str, object]) -> None:
    """Note that the episode of a resolved event has ended."""
    execute(
        "INSERT INTO journal_episodes VALUES (?, ?, ?, ?, ?, NULL) ON CONFLICT (fingerprint) DO UPDATE SET"
        " episode = excluded.episode, ended_by = excluded.ended_by, last_seq = excluded.last_seq,"
        " last_seen_at = excluded.last_seen_at, firing_seq = NULL",
        *(event[name] for name in ("fingerprint", "episode", "source", "seq", "received_at")),
    )


def confirm_end(execute: Execute, fingerprint: str) -> None:
    """Note that Alertmanager itself has said that the latest episode ended."""
    execute(
        "UPDATE journal_episodes SET ended_by = ? WHERE fingerprint = ? AND ended_by IS NOT NULL",
        Source.ALERTMANAGER,
        fingerprint,
    )


def doubt_end(execute: Execute, fingerprint: str, seq: int | None) -> None:
    """Note that the latest episode has ended, but its alert was delivered firing, as in the event ``seq``.

    None: that it was not.
    """
    execute(
        "UPDATE journal_episodes SET firing_seq = ? WHERE fingerprint = ? AND ended_by IS NOT NULL",
        seq,
        fingerprint,
    )


def doubted(execute: Execute, ended_before: str, limit: int) -> list[str]:
    """Return the texts of the events that put the end of an episode in doubt, if it ended before a time."""
    rows = execute(
        "SELECT body FROM journal_episodes JOIN journal_events ON seq = firing_seq"
        " WHERE ended_by IS NOT NULL AND last_seen_at <= ? LIMIT ?",
        ended_before,
        limit,
    )
    return [row[0] for row in rows]


def saw_firing(execute: Execute, fingerprint: str, at: str) -> None:
    """Note that a repeated delivery shows the open episode still firing."""
    execute(
        "UPDATE journal_episodes SET last_seen_at = ? WHERE fingerprint = ? AND ended_by IS NULL",
        at,
        fingerprint,
    )


def newest_firing(execute: Execute, fingerprint: str) -> str | None:
    """Return the text of the newest firing event of the open episode of a fingerprint."""
    rows = execute(
        "SELECT body FROM journal_episodes JOIN journal_events ON seq = firing_seq"
        " WHERE journal_episodes.fingerprint = ? AND ended_by IS NULL",
        fingerprint,
    )
    return rows[0][0] if rows else None


def open_episodes(execute: Execute) -> Sequence[tuple[str, str, str, str]]:
    """Return each open episode: fingerprint, id, last sighting, the text of its newest firing event."""
    return execute(
        "SELECT journal_episodes.fingerprint, journal_episodes.episode, last_seen_at, body"
        " FROM journal_episodes JOIN journal_events ON seq = firing_seq WHERE ended_by IS NULL"
    )


def open_episode(execute: Execute, fingerprint: str) -> tuple[str, str] | None:
    """Return id and last sighting of the open episode of a fingerprint."""
    rows = execute(
        "SELECT episode, last_seen_at FROM journal_episodes WHERE fingerprint = ? AND ended_by IS NULL",
        fingerprint,
    )
    return (rows[0][0], rows[0][1]) if rows else None


def events(execute: Execute, after: int, limit: int) -> list[str]:
    """Return the canonical texts of the next events after a number."""
    rows = execute("SELECT body FROM journal_events WHERE seq > ? ORDER BY seq LIMIT ?", after, limit)
    return [row[0] for row in rows]


def last_seq(execute: Execute) -> int:
    """Return the number of the newest event."""
    return int(execute("SELECT last_seq FROM journal_state")[0][0])


def prunable(execute: Execute, *, received_before: str, keep_bytes: int, limit: int) -> list[tuple[int, int]]:
    """Return number and size of the oldest events that retention lets go, at most ``limit`` of them.

    The newest firing event of an open episode stays. So do, however old, those whose size the limit of bytes
    still allows.
    """
    excess = state(execute).byte_count - keep_bytes
    rows = execute(
        "SELECT seq, length(body), received_at FROM journal_events"
        " WHERE seq NOT IN (SELECT firing_seq FROM journal_episodes"
        " WHERE ended_by IS NULL AND firing_seq IS NOT NULL)"
        " ORDER BY seq LIMIT ?",
        limit,
    )
    chosen = []
    for seq, size, received_at in rows:
        if received_at >= received_before and excess <= 0:
            break
        chosen.append((seq, size))
        excess -= size
    return chosen


def prune(execute: Execute, chosen: Sequence[tuple[int, int]]) -> None:
    """Remove events, oldest first, and what is known of episodes that ended before."""
    last = chosen[-1][0]
    for seq, _ in chosen:
        execute("DELETE FROM journal_events WHERE seq = ?", seq)
    execute("DELETE FROM journal_episodes WHERE ended_by IS NOT NULL AND last_seq <= ?", last)
    execute(
        "UPDATE journal_state SET pruned_seq = CASE WHEN pruned_seq < ? THEN ? ELSE pruned_seq END,"
        " row_count = row_count - ?, byte_count = byte_count - ?",
        last,
        last,
        len(chosen),
        sum(size for _, size in chosen),
    )
