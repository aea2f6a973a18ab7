-- The ledger, version 5: the workload that was found behind what an alert names, and the way to it.
ALTER TABLE episodes ADD COLUMN owner TEXT;
