"""The ledger: what automation has taken in, decided, done and still has to tell, on disk."""
