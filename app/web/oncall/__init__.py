"""Pages of schedules and teams: who is on call."""
