-- The ledger, version 2: questions to people, and the runs that shadow mode would have done.
CREATE TABLE approvals (
    id TEXT PRIMARY KEY,
    episode TEXT NOT NULL REFERENCES episodes (id),
    remedy TEXT NOT NULL,
    variables TEXT NOT NULL,
    command TEXT NOT NULL,
    expires_steady REAL NOT NULL,
    preview TEXT
) STRICT;
CREATE INDEX approvals_without_preview ON approvals (id) WHERE preview IS NULL;

CREATE TABLE shadow_runs (
    episode TEXT PRIMARY KEY REFERENCES episodes (id),
    target TEXT NOT NULL,
    started_steady REAL NOT NULL
) STRICT;
CREATE INDEX shadow_runs_recent ON shadow_runs (started_steady);
