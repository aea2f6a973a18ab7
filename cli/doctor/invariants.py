"""What must always be true: each a name, a statement, a way to look, and what to do when it is not."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from cli.doctor.databases import DamagedError, Installation, Row

SHOWN = 5
"""How many of the things that are wrong are named."""


@dataclass
class Tally:
    """What a look has found so far."""

    checked: int = 0
    wrong: int = 0
    in_flight: int = 0
    first: list[str] = field(default_factory=list)

    def fails(self, sentence: str) -> None:
        """Count one thing that is wrong, and keep the first few sentences."""
        self.wrong += 1
        if len(self.first) < SHOWN:
            self.first.append(sentence)

    def waits(self, sentence: str, *, is_at_rest: bool) -> None:
        """Count one thing that is under way; where nothing may be, it is wrong."""
        if is_at_rest:
            self.fails(sentence)
        else:
            self.in_flight += 1


type Look = Callable[[Installation, Tally], None]


@dataclass(frozen=True)
class Invariant:
    """One thing that must be true."""

    name: str
    statement: str
    advice: str
    needs: frozenset[str]
    look: Look

    def check(self, installation: Installation) -> Tally:
        """Look, and return what was found; a database that breaks off under the look is a finding, too."""
        tally = Tally()
        try:
            self.look(installation, tally)
        except DamagedError as error:
            tally.fails(f"the database cannot be read to its end: {error}")
        return tally


INVARIANTS: list[Invariant] = []


def invariant(name: str, statement: str, *, needs: Iterable[str], advice: str) -> Callable[[Look], Look]:
    """Make a function an invariant; they are checked in the order in which they are written."""

    def add(look: Look) -> Look:
        INVARIANTS.append(Invariant(name, statement, advice, frozenset(needs), look))
        return look

    return add


def side_by_side(*sources: Iterable[Row]) -> Iterator[tuple[Any, list[list[Row]]]]:
    """Walk through rows of several queries, each sorted by its first column; only one key is in memory.

    Yields each key with the rest of its rows, one list for each source.
    """
    groups = [groupby(source, key=lambda row: row[0]) for source in sources]
    heads = [_next(group) for group in groups]
    while any(head is not None for head in heads):
        key = min(head[0] for head in heads if head is not None)
        found: list[list[Row]] = []
        for place, head in enumerate(heads):
            if head is None or head[0] != key:
                found.append([])
                continue
            found.append(head[1])
            heads[place] = _next(groups[place])
        yield key, found


def _next(group: Iterator[tuple[Any, Iterator[Row]]]) -> tuple[Any, list[Row]] | None:
    head = next(group, None)
    return None if head is None else (head[0], [row[1:] for row in head[1]])


def from_json(value: Any) -> dict[str, Any]:
    """Return a column of JSON as a dictionary: PostgreSQL gives it so, SQLite gives its text."""
    read = json.loads(value) if isinstance(value, str) else value
    return read if isinstance(read, dict) else {}
