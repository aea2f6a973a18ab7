"""The commands of `python -m automation`."""
