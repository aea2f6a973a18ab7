"""Events: what they look like, how they are signed, and where they come from."""
