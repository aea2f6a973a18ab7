"""How bad an incident is, and the words for it: the field's usual ones, and those an installation adds."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How bad it is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


WORDS = {
    Severity.CRITICAL: "critical crit page emergency emerg panic alert fatal disaster blocker blocking "
    "urgent highest catastrophic outage 0 1",
    Severity.HIGH: "high error err major severe serious important failure 2",
    Severity.MEDIUM: "medium warning warn moderate average normal 3",
    Severity.LOW: "low lowest minor trivial planning info information informational notice debug trace "
    "verbose 4 5",
}
LEVELS = ("p", "s", "sev", "severity", "prio", "priority")
"""What stands before a level's number: P1, SEV-1, Priority 1. A number alone may count either way."""
SEVERITIES = {
    word: severity
    for severity, words in WORDS.items()
    for given in words.split()
    for word in ([f"{name}{given}" for name in LEVELS] if given.isdigit() else [given])
}

SIGN_OF_LIFE = "none"
"""An alert of this severity always fires to prove that alerts arrive; it opens no incident."""

LONGEST = 40

_BETWEEN = re.compile(r"[\s_.:#-]", re.ASCII)


class Meaning(NamedTuple):
    """An alert's severity, and the word that nobody knows if there is only such a one."""

    severity: Severity
    unknown: str


def plain(word: str) -> str:
    """Return a word as it stands in the table: ``SEV-1`` is ``sev1``."""
    return _BETWEEN.sub("", word[:LONGEST]).lower()


def meaning(labels: Mapping[str, str], names: Sequence[str], own: Mapping[str, Severity]) -> Meaning:
    """Return the severity that the first of the named labels with a known word gives; medium if none does.

    Args:
        labels: the alert's.
        names: the labels that may give it, the most telling first.
        own: the installation's words, which come before the usual ones.

    """
    found = [labels[name].strip() for name in names if labels.get(name, "").strip()]
    for word in found:
        known = own.get(plain(word)) or SEVERITIES.get(plain(word))
        if known:
            return Meaning(known, "")
    return Meaning(Severity.MEDIUM, found[0][:LONGEST] if found else "")
