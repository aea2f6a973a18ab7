-- The ledger, version 3: runs of another automation, from which this one took over.
CREATE TABLE inherited_runs (
    id TEXT PRIMARY KEY,
    episode TEXT NOT NULL,
    target TEXT NOT NULL,
    state TEXT NOT NULL,
    verification TEXT,
    started_steady REAL NOT NULL,
    ended_steady REAL NOT NULL
) STRICT;
CREATE INDEX inherited_runs_recent ON inherited_runs (started_steady);
CREATE INDEX inherited_runs_of_episode ON inherited_runs (episode);
