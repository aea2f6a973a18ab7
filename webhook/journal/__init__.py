"""The journal: the append-only record of every alert, in the order of its sequence numbers.

It alone knows which episode an event belongs to. A caller that gets a receipt may tell the sender "done":
what the receipt counts is on disk.
"""

from contract.events import Status
from webhook.journal.committer import JournalUnavailableError
from webhook.journal.episodes import LATE, Source
from webhook.journal.journal import Journal, OpenEpisode, Page
from webhook.journal.queries import State
from webhook.journal.store import open_store
from webhook.journal.writing import Receipt

__all__ = [
    "LATE",
    "Journal",
    "JournalUnavailableError",
    "OpenEpisode",
    "Page",
    "Receipt",
    "Source",
    "State",
    "Status",
    "open_store",
]
