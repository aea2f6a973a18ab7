"""Where an automation began to act: what was over by then is others' business, and recorded without a word.

It begins when it reads a journal for the first time, and each time that it becomes the leader. Before that,
whoever acted has told of it, or nobody was to act.
"""

from automation.ledger import decisions
from automation.ledger.database import Ledger
from automation.ledger.episodes import Episode

KEY = "begun_at_seq"
TAKEN_OVER = "has_taken_over"


def note(ledger: Ledger, seq: int, *, takes_over: bool = False) -> None:
    """Note that this automation acts on what the journal holds from here on, and on what still fires."""
    ledger.set_meta(KEY, seq)
    ledger.set_meta(TAKEN_OVER, int(takes_over))


def is_earlier(ledger: Ledger, episode: Episode) -> bool:
    """Say whether an episode was over before this automation began to act."""
    begun = ledger.meta(KEY)
    if begun is None or episode.is_firing or episode.last_seq > int(begun):
        return False
    # Without a predecessor, what has a decision fired when this automation began, and it told of it.
    return ledger.meta(TAKEN_OVER) == "1" or decisions.current(ledger, episode.id) is None
