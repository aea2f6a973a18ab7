"""Tables, states and what may follow which, the timeline and the audit trail: what all use cases write."""
