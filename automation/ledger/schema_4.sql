-- The ledger, version 4: what the playbooks folder must hold for an answer to count and for a run to start.
ALTER TABLE approvals ADD COLUMN digest TEXT;
ALTER TABLE runs ADD COLUMN digest TEXT;
