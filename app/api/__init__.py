"""What programs talk to: /api/v1."""
