"""Incidents: what is wrong, who has it, and everything that happened."""
