"""What an alert says while it goes on: the newest words are shown, the older ones kept."""

import re
from collections.abc import Mapping

from contract import limits

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


def _without_numbers(words: str) -> str:
    return _NUMBER.sub("#", words)
