"""The tables of the journal, in the SQL that SQLite and PostgreSQL share."""

VERSION = 1

STATEMENTS = (
    # The one row that every append locks and updates: so sequence numbers become visible in their order.
    """CREATE TABLE IF NOT EXISTS journal_state (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        schema_version INTEGER NOT NULL,
        journal_id TEXT NOT NULL,
        last_seq BIGINT NOT NULL,
        pruned_seq BIGINT NOT NULL,
        row_count BIGINT NOT NULL,
        byte_count BIGINT NOT NULL
    )""",
    # body: the event's canonical JSON, without its signature.
    """CREATE TABLE IF NOT EXISTS journal_events (
        seq {number} PRIMARY KEY,
        fingerprint TEXT NOT NULL,
        starts_at TEXT NOT NULL,
        status TEXT NOT NULL,
        episode TEXT NOT NULL,
        received_at TEXT NOT NULL,
        deliveries BIGINT NOT NULL,
        body TEXT NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS journal_events_start ON journal_events (fingerprint, starts_at)",
    # The latest episode of each fingerprint; ended_by is NULL while it is open. last_seen_at: when it was
    # last delivered firing, or when it ended. firing_seq: its newest firing event, which stays as long as the
    # episode is open; once it has ended, the event that puts this in doubt.
    """CREATE TABLE IF NOT EXISTS journal_episodes (
        fingerprint TEXT PRIMARY KEY,
        episode TEXT NOT NULL,
        ended_by TEXT,
        last_seq BIGINT NOT NULL,
        last_seen_at TEXT NOT NULL,
        firing_seq BIGINT
    ) {clustered}""",
)

FIRST_STATE = f"INSERT INTO journal_state VALUES (1, {VERSION}, ?, 0, 0, 0, 0) ON CONFLICT DO NOTHING"  # noqa: S608

# Leaves everything as it is and yet writes a page. One update to the values that are there already would not:
# SQLite compares, and commits nothing.
REWRITE = (
    "UPDATE journal_state SET row_count = row_count + 1",
    "UPDATE journal_state SET row_count = row_count - 1",
)
