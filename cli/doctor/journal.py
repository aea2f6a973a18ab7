"""The journal by itself: its numbers, its rows, its episodes, and the lines that were printed of it."""

import json
from typing import Any

from cli.doctor.databases import JOURNAL, Installation
from cli.doctor.invariants import Tally, invariant, side_by_side
from contract.signing import FIELD, canonical, is_genuine

RESTORE = (
    "Stop the webhook, keep a copy of its file, restore the last backup: consumers know what they have had."
)
FIELDS = ("seq", "fingerprint", "starts_at", "status", "episode", "received_at")
LONGEST_LINE = 4 * 1024 * 1024


@invariant("journal-file", "The journal's file is whole.", needs=[JOURNAL], advice=RESTORE)
def _file(installation: Installation, tally: Tally) -> None:
    tally.checked = 1
    for problem in installation.journal.problems():
        tally.fails(problem)


@invariant(
    "journal-numbers", "Sequence numbers have no gap but the pruned ones.", needs=[JOURNAL], advice=RESTORE
)
def _numbers(installation: Installation, tally: Tally) -> None:
    last_seq, pruned_seq = _state(installation, "last_seq, pruned_seq")
    expected = pruned_seq + 1
    for (seq,) in installation.journal.rows(
        "SELECT seq FROM journal_events WHERE seq > ? ORDER BY seq", pruned_seq
    ):
        tally.checked += 1
        if seq > expected:
            tally.fails(f"events {expected} to {seq - 1} are missing")
        if seq > last_seq:
            tally.fails(f"event {seq} is newer than the journal's last number, {last_seq}")
        expected = seq + 1
    if expected <= last_seq:
        tally.fails(f"events {expected} to {last_seq} are missing")


@invariant(
    "journal-events",
    "Every event says in its text what its row says, and the counters are their sums.",
    needs=[JOURNAL],
    advice=RESTORE,
)
def _events(installation: Installation, tally: Tally) -> None:
    size = 0
    for *columns, body in installation.journal.rows(
        f"SELECT {', '.join(FIELDS)}, body FROM journal_events ORDER BY seq"  # noqa: S608 - constant
    ):
        tally.checked += 1
        size += len(body)
        event = read_event(body)
        different = [
            name
            for name, value in zip(FIELDS, columns, strict=True)
            if event is None or event.get(name) != value
        ]
        if event is None or different or canonical(event) != body:
            tally.fails(f"event {columns[0]}: its text differs in {', '.join(different) or 'its form'}")
    counters = _state(installation, "row_count, byte_count")
    if counters != (tally.checked, size):
        tally.fails(
            f"the counters are {counters[0]} rows and {counters[1]} bytes, not {tally.checked} and {size}"
        )


@invariant("journal-once", "No event is in the journal twice.", needs=[JOURNAL], advice=RESTORE)
def _once(installation: Installation, tally: Tally) -> None:
    """Look among events of one fingerprint and start: the id is made of these and the status."""
    journal = installation.journal
    sql = f"""SELECT fingerprint, starts_at, seq, body FROM journal_events
        ORDER BY fingerprint {journal.binary}, starts_at {journal.binary}"""  # noqa: S608 - constant
    rows = (((fingerprint, starts_at), seq, body) for fingerprint, starts_at, seq, body in journal.rows(sql))
    for _, (same,) in side_by_side(rows):
        seen: dict[Any, int] = {}
        for seq, body in same:
            tally.checked += 1
            key = (read_event(body) or {}).get("id", seq)
            if key in seen:
                tally.fails(f"events {seen[key]} and {seq} have the id {key}")
            seen[key] = seq


@invariant(
    "journal-episodes",
    "Every open episode has its newest firing event.",
    needs=[JOURNAL],
    advice=RESTORE,
)
def _episodes(installation: Installation, tally: Tally) -> None:
    for fingerprint, episode, stored, status in installation.journal.rows(
        "SELECT open.fingerprint, open.episode, event.episode, event.status FROM journal_episodes AS open"
        " LEFT JOIN journal_events AS event ON event.seq = open.firing_seq WHERE open.ended_by IS NULL"
    ):
        tally.checked += 1
        if (stored, status) != (episode, "firing"):
            tally.fails(f"episode {episode} of alert {fingerprint} is open without a firing event")


@invariant(
    "printed-lines",
    "Every event in the log has a valid signature and is the journal's.",
    needs=[JOURNAL, "log", "key"],
    advice="Somebody else writes to the webhook's log, or the key was changed: find out which.",
)
def _lines(installation: Installation, tally: Tally) -> None:
    if installation.log is None or installation.key is None:
        return
    (pruned_seq,) = _state(installation, "pruned_seq")
    with installation.log.open("rb") as log:
        while line := log.readline(LONGEST_LINE):
            event = read_event(line)
            if event is None or event.get("kind") != "alert":
                continue
            tally.checked += 1
            seq, is_ours = event.get("seq"), is_genuine(event, installation.key)
            event.pop(FIELD, None)
            if not is_ours:
                tally.fails(f"the line of event {seq} has a wrong signature")
            elif isinstance(seq, int) and seq > pruned_seq and _body(installation, seq) != canonical(event):
                tally.fails(f"the line of event {seq} is not what the journal has")


def read_event(text: str | bytes) -> dict[str, Any] | None:
    """Return an event's fields; nothing if the text is no JSON object."""
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _body(installation: Installation, seq: int) -> str | None:
    row = installation.journal.one("SELECT body FROM journal_events WHERE seq = ?", seq)
    return row[0] if row else None


def _state(installation: Installation, columns: str) -> tuple[int, ...]:
    row = installation.journal.one(f"SELECT {columns} FROM journal_state")  # noqa: S608 - constant
    return row or (0,) * (columns.count(",") + 1)
