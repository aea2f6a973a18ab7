"""Pages of accounts: logging in, registering, and a person's own pages."""
