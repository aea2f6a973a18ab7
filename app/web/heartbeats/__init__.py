"""Pages of heartbeats, and the address that jobs ping."""
