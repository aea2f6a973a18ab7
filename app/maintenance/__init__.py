"""Maintenance windows: times in which alerts are expected; nobody is called and nothing is repaired."""
