"""What an alert says while it goes on: the newest words are shown, the older ones kept."""

import re
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import func, select

from app.clock import now
from app.extensions import db
from app.records import rows
from app.records.incidents import EventKind, TimelineEvent
from contract import limits

CHANGES_A_DAY = 20
"""How many changes of an incident's words are noted within a day: some senders put a new text into each."""

_NUMBER = re.compile(r"[+-]?\d+(?:[.,:]\d+)*")
_CUT = " … [cut]"


def replaced(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Return the old annotations that changed in more than numbers, each with its name."""
    return {
        name: words
        for name, words in before.items()
        if _without_numbers(words) != _without_numbers(after.get(name, ""))
    }


def told(words: Mapping[str, str]) -> str:
    """Return annotations as text for a person, cut to what an entry of a timeline takes."""
    text = "\n".join(f"{name}: {value}" for name, value in words.items())
    return text if len(text) <= limits.SENTENCE else text[: limits.SENTENCE - len(_CUT)] + _CUT


def change(incident_id: int, before: Mapping[str, str]) -> str | None:
    """Return what the timeline says of words that changed; none once enough changes are noted for a day."""
    rows.insert_gathered()
    conditions = (
        TimelineEvent.incident_id == incident_id,
        TimelineEvent.kind == EventKind.ALERT_CHANGED,
        TimelineEvent.at > now() - timedelta(days=1),
    )
    noted = db.session.scalar(select(func.count()).where(*conditions)) or 0
    if noted >= CHANGES_A_DAY:
        return None
    often = ""
    if noted == CHANGES_A_DAY - 1:
        often = f", for the {CHANGES_A_DAY}th time within a day. Further changes are not noted until tomorrow"
    return f"The alert says something else now{often}. Before, it said: {told(before)}"


def _without_numbers(words: str) -> str:
    return _NUMBER.sub("#", words)
