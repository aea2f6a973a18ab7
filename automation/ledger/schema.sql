-- The ledger, version 1. Times named *_at are wall time as text; `steady` ones are seconds of the steady clock.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE episodes (
    id TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    alertname TEXT NOT NULL,
    labels TEXT NOT NULL,
    annotations TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('firing', 'resolved')),
    event_id TEXT NOT NULL,
    opened_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    opened_at TEXT NOT NULL,
    opened_steady REAL NOT NULL,
    resolved_at TEXT,
    resolved_steady REAL,
    returns INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX episodes_of_alert ON episodes (fingerprint, opened_steady);
CREATE INDEX episodes_firing ON episodes (opened_seq) WHERE status = 'firing';
CREATE INDEX episodes_by_name ON episodes (alertname, last_seq);

CREATE TABLE decisions (
    id TEXT PRIMARY KEY,
    episode TEXT NOT NULL REFERENCES episodes (id),
    decision TEXT NOT NULL CHECK (decision IN ('run', 'deferred', 'declined')),
    reason TEXT,
    remedy TEXT,
    target TEXT,
    attempt INTEGER,
    document TEXT NOT NULL,
    current INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX decisions_current ON decisions (episode) WHERE current = 1;
CREATE INDEX decisions_waiting ON decisions (episode) WHERE current = 1 AND decision = 'deferred';

CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    episode TEXT NOT NULL REFERENCES episodes (id),
    fingerprint TEXT NOT NULL,
    target TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'timed_out', 'interrupted')),
    verification TEXT CHECK (verification IN ('pending', 'verified', 'still_firing', 'inconclusive', 'timed_out')),
    queued_steady REAL NOT NULL,
    finished_steady REAL,
    within REAL NOT NULL,
    hold REAL NOT NULL,
    variables TEXT NOT NULL,
    timeout REAL NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (episode, attempt)
) STRICT;
CREATE INDEX runs_recent ON runs (queued_steady);
CREATE INDEX runs_of_episode ON runs (episode);
CREATE INDEX runs_open ON runs (state) WHERE state IN ('queued', 'running') OR verification = 'pending';

CREATE TABLE locks (target TEXT PRIMARY KEY, run TEXT NOT NULL UNIQUE REFERENCES runs (id)) STRICT;

CREATE TABLE reports (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    subject TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    next_steady REAL NOT NULL DEFAULT 0,
    refused TEXT,
    UNIQUE (path, subject)
) STRICT;
CREATE INDEX reports_due ON reports (next_steady, id) WHERE refused IS NULL;
