"""What an election reads and writes."""

from dataclasses import dataclass


class LeaseError(Exception):
    """The Lease could not be read or written; the text says why."""


@dataclass(frozen=True)
class Record:
    """What stands in the Lease."""

    version: str | None
    """The resource version; none when there is no Lease yet."""
    holder: str = ""
    duration: float = 0.0
    transitions: int = 0
