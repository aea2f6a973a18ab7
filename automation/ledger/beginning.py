"""Where an automation began to act: what was over by then is others' business, and recorded without a word.

It begins when it reads a journal for the first time, and each time that it becomes the leader. Before that,
whoever acted has told of it, or nobody was to act.
"""

from automation.ledger.database import Ledger
from automation.ledger.episodes import Episode

KEY = "begun_at_seq"


def note(ledger: Ledger, seq: int) -> None:
    """Note that this automation acts on what the journal holds from here on, and on what still fires."""
    ledger.set_meta(KEY, seq)


def is_earlier(ledger: Ledger, episode: Episode) -> bool:
    """Say whether an episode was over before this automation began to act."""
    begun = ledger.meta(KEY)
    return begun is not None and not episode.is_firing and episode.last_seq <= int(begun)
