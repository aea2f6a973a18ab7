"""Damages of databases, each by the one invariant that it breaks."""

import json
import sqlite3

FILES = {"journal": "journal.db", "app": "site.db", "ledger": "ledger.db"}


def damage(folder, name, *statements):
    connection = sqlite3.connect(folder / FILES[name], isolation_level=None)
    for statement in statements:
        assert connection.execute(statement).rowcount != 0, f"{statement}: damaged nothing"
    connection.close()


def again(folder):
    """Append the first event again under the next number, counters and all."""
    with sqlite3.connect(folder / FILES["journal"]) as journal:
        ((last, body),) = journal.execute(
            "SELECT last_seq, body FROM journal_state JOIN journal_events ON seq = 1"
        )
        text = json.dumps(
            json.loads(body) | {"seq": last + 1}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
        journal.execute(
            "INSERT INTO journal_events SELECT ?, fingerprint, starts_at, status, episode, received_at, 1, ?"
            " FROM journal_events WHERE seq = 1",
            (last + 1, text),
        )
        journal.execute(
            "UPDATE journal_state SET last_seq = last_seq + 1, row_count = row_count + 1,"
            " byte_count = byte_count + ?",
            (len(text),),
        )
    journal.close()


FIRST_DECLINED = "(SELECT id FROM episodes WHERE alertname = 'Unknown')"
OTHER = "(SELECT min(id) FROM incidents WHERE alertname = 'Unknown')"
ENDS = "(SELECT max(seq) FROM alert_events WHERE status = 'resolved')"
DAMAGES = {
    "journal-numbers": ("journal", ["UPDATE journal_state SET last_seq = last_seq + 1"]),
    "journal-events": ("journal", ["UPDATE journal_events SET received_at = '2020' WHERE seq = 1"]),
    "journal-once": ("journal", again),
    "journal-episodes": ("journal", ["UPDATE journal_episodes SET firing_seq = 999 WHERE ended_by IS NULL"]),
    "incident-changes": ("app", ["UPDATE incidents SET state = 'acknowledged' WHERE state = 'open'"]),
    "timeline-events": ("app", ["UPDATE timeline_events SET data = '{}' WHERE kind = 'resolved'"]),
    "timeline-decisions": ("app", ["DELETE FROM timeline_events WHERE kind = 'decision'"]),
    "app-runs-once": (
        "app",
        [
            "CREATE TABLE copied AS SELECT * FROM runs",
            "UPDATE copied SET id = id || 'again', incident_id = NULL",
            "INSERT INTO runs SELECT * FROM copied",
        ],
    ),
    "mails": (
        "app",
        ["UPDATE outbox_messages SET state = 'dead', last_error = 'refused', attempts = 9 WHERE id = 1"],
    ),
    "decisions": (
        "ledger",
        [f"UPDATE decisions SET current = 0 WHERE episode = {FIRST_DECLINED}"],  # noqa: S608
    ),
    "runs": ("ledger", ["INSERT INTO locks SELECT 'a target', max(id) FROM runs WHERE state = 'succeeded'"]),
    "decided-runs": ("ledger", ["UPDATE decisions SET attempt = 7 WHERE decision = 'run'"]),
    "app-offset": ("app", ['UPDATE journal_cursor SET "offset" = 999']),
    "events-once": ("app", ["DELETE FROM alert_events WHERE incident_id IS NULL"]),
    "episode-incidents": (
        "app",
        [
            f"""INSERT INTO timeline_events (incident_id, at, kind, actor_kind, actor_name, summary, data)
                VALUES ({OTHER}, '2026', 'alert_fired', 'alerting', 'x', 'x', json_object('seq', {ENDS}))""",  # noqa: S608
            f"UPDATE alert_events SET incident_id = {OTHER} WHERE seq = {ENDS}",  # noqa: S608
        ],
    ),
    "ledger-offset": ("ledger", ["UPDATE meta SET value = 'another' WHERE key = 'journal_id'"]),
    "episodes-seen": (
        "ledger",
        [
            "DELETE FROM decisions WHERE episode IN (SELECT id FROM episodes WHERE alertname = 'Watchdog')",
            "DELETE FROM episodes WHERE alertname = 'Watchdog'",
        ],
    ),
    "reports": ("app", ["DELETE FROM runs"]),
}
