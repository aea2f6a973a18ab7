"""Heartbeats: jobs that are to be heard of, and incidents when they are not."""
