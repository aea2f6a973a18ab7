"""What two parts say about the same thing."""

import json
from typing import Any

from cli.doctor.databases import APP, JOURNAL, LEDGER, Installation
from cli.doctor.invariants import Tally, from_json, invariant, side_by_side
from cli.doctor.journal import read_event

READ_AGAIN = (
    "The journal was replaced by an older one, or restored: consumers read it again when they next ask."
)
LOST = (
    "Keep copies of both databases and report it: this must not happen. The incident can be opened by hand."
)
SPOOL = "See the automation's log for why the app refuses reports, and `python -m automation status`."
SIGN_OF_LIFE = "none"
"""The severity of alerts that only prove that alerts arrive."""


@invariant(
    "app-offset",
    "The app has read no further than the journal goes.",
    needs=[JOURNAL, APP],
    advice=READ_AGAIN,
)
def _app_offset(installation: Installation, tally: Tally) -> None:
    tally.checked = 1
    last = _last_seq(installation)
    if (offset := _app_cursor(installation)) > last:
        tally.fails(f"the app has read up to {offset}, the journal ends at {last}")


@invariant(
    "events-once",
    "Every event that the app has read took effect exactly once; the sums are equal.",
    needs=[JOURNAL, APP],
    advice=LOST,
)
def _events_once(installation: Installation, tally: Tally) -> None:
    """Make the sum event by event: on an incident, a sign of life, an end without a start, or unreadable."""
    app, offset = installation.app, _app_cursor(installation)
    (pruned,) = installation.journal.one("SELECT pruned_seq FROM journal_state") or (0,)
    is_replaced = app.one("SELECT 1 FROM audit_events WHERE kind = 'journal_replaced'") is not None
    stored = installation.journal.rows(
        "SELECT seq, body FROM journal_events WHERE seq <= ? ORDER BY seq", offset
    )
    taken = app.rows(
        "SELECT seq, id, episode, incident_id FROM alert_events WHERE seq <= ? ORDER BY seq", offset
    )
    for seq, (rows, effects) in side_by_side(stored, taken):
        tally.checked += len(rows)
        event = (read_event(rows[0][0]) or {}) if rows else {}
        mine = [effect for effect in effects if effect[0] == event.get("id")]
        if not rows and seq > pruned and not is_replaced:
            tally.fails(f"event {seq} took effect, and is not in the journal")
        elif rows and not mine and not _is_accounted_for(installation, seq, event):
            tally.fails(f"event {seq} was accepted and read, and took no effect")
        elif mine and len(effects) > 1 and not is_replaced:
            tally.fails(f"event {seq} took effect {len(effects)} times")
        elif mine and not _is_right(mine[0], event):
            tally.fails(f"event {seq} is on no incident, or on that of another episode")


def _is_right(effect: tuple[Any, ...], event: dict[str, Any]) -> bool:
    _, episode, incident = effect
    severity = str(event.get("labels", {}).get("severity", "")).strip().lower()
    may_have_none = severity == SIGN_OF_LIFE or event.get("status") == "resolved"
    return episode == event.get("episode") and (incident is not None or may_have_none)


def _is_accounted_for(installation: Installation, seq: int, event: dict[str, Any]) -> bool:
    """Say whether an event took effect under a number of an earlier journal, or was told as unreadable."""
    app = installation.app
    if app.one("SELECT 1 FROM alert_events WHERE id = ?", str(event.get("id"))) is not None:
        return True
    unreadable = app.rows("SELECT data FROM audit_events WHERE kind = 'journal_event_unreadable'")
    return any(from_json(data).get("seq") == seq for (data,) in unreadable)


@invariant(
    "episode-incidents",
    "Every episode has one incident.",
    needs=[APP],
    advice=LOST,
)
def _episode_incidents(installation: Installation, tally: Tally) -> None:
    tally.checked = int((installation.app.one("SELECT count(DISTINCT episode) FROM alert_events") or (0,))[0])
    for episode, count in installation.app.rows(
        "SELECT episode, count(DISTINCT incident_id) FROM alert_events GROUP BY episode"
        " HAVING count(DISTINCT incident_id) > 1"
    ):
        tally.fails(f"episode {episode} has {count} incidents")


@invariant(
    "ledger-offset",
    "Automation reads this journal, and no further than it goes.",
    needs=[JOURNAL, LEDGER],
    advice=READ_AGAIN,
)
def _ledger_offset(installation: Installation, tally: Tally) -> None:
    tally.checked = 1
    (name,) = installation.journal.one("SELECT journal_id FROM journal_state") or ("",)
    known = installation.ledger.one("SELECT value FROM meta WHERE key = 'journal_id'")
    last, offset = _last_seq(installation), _ledger_cursor(installation)
    if known is not None and known[0] != name:
        tally.fails(f"the ledger is of journal {known[0]}, this is {name}")
    elif offset > last:
        tally.fails(f"automation has read up to {offset}, the journal ends at {last}")


@invariant(
    "episodes-seen",
    "Automation knows every episode of the events it has read.",
    needs=[JOURNAL, LEDGER],
    advice=LOST,
)
def _episodes_seen(installation: Installation, tally: Tally) -> None:
    journal = installation.journal
    stored = journal.rows(
        f"SELECT episode, min(seq) FROM journal_events WHERE seq <= ? GROUP BY episode"  # noqa: S608 - constant
        f" ORDER BY episode {journal.binary}",
        _ledger_cursor(installation),
    )
    known = installation.ledger.rows("SELECT id FROM episodes ORDER BY id")
    for episode, (events, seen) in side_by_side(stored, known):
        tally.checked += len(events)
        if events and not seen:
            tally.fails(f"episode {episode}, opened by event {events[0][0]}, is not in the ledger")


@invariant(
    "reports",
    "The app has every decision and run of the ledger in its newest version, or the spool has.",
    needs=[APP, LEDGER],
    advice=SPOOL,
)
def _reports(installation: Installation, tally: Tally) -> None:
    app, ledger = installation.app, installation.ledger
    for path, table, version in (("decisions", "decisions", "1"), ("runs", "runs", "version")):
        made = ledger.rows(f"SELECT id, document FROM {table} ORDER BY id")  # noqa: S608 - constant
        heard = app.rows(f"SELECT id, {version} FROM {table} ORDER BY id {app.binary}")  # noqa: S608 - constant
        for name, (documents, known) in side_by_side(made, heard):
            tally.checked += len(documents)
            if documents and (not known or known[0][0] < json.loads(documents[0][0]).get("version", 1)):
                _look_in_spool(installation, tally, f"/api/v1/{path}", name)
    for subject, reason in ledger.rows("SELECT subject, refused FROM reports WHERE refused IS NOT NULL"):
        tally.fails(f"the app has refused the report about {subject}: {reason}")


def _look_in_spool(installation: Installation, tally: Tally, path: str, name: str) -> None:
    sentence = f"the app does not know the newest version of {path.rpartition('/')[2][:-1]} {name}"
    kept = "SELECT 1 FROM reports WHERE path = ? AND subject = ? AND refused IS NULL"
    if installation.ledger.one(kept, path, name) is None:
        tally.fails(f"{sentence}, and no report waits")
    else:
        tally.waits(sentence, is_at_rest=installation.is_at_rest)


def _last_seq(installation: Installation) -> int:
    return int((installation.journal.one("SELECT last_seq FROM journal_state") or (0,))[0])


def _app_cursor(installation: Installation) -> int:
    row = installation.app.one('SELECT "offset" FROM journal_cursor WHERE id = 1')
    return int(row[0]) if row else 0


def _ledger_cursor(installation: Installation) -> int:
    row = installation.ledger.one("SELECT value FROM meta WHERE key = 'offset'")
    return int(row[0]) if row else 0
