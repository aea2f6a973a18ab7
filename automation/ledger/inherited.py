"""Runs of another automation: they count for cooldowns, budgets and attempts as if they were our own."""

from collections.abc import Iterable
from dataclasses import dataclass

from automation.clock import DAY
from automation.ledger.database import Ledger
from automation.ledger.runs import past
from automation.records import PastRun


@dataclass(frozen=True)
class Inherited:
    """One such run, as the app knows it; times are steady."""

    id: str
    episode: str
    target: str
    state: str
    verification: str | None
    started: float
    ended: float


def keep(ledger: Ledger, runs: Iterable[Inherited]) -> int:
    """Keep runs that are not in this ledger already, in their newest version; returns how many."""
    with ledger.transaction() as connection:
        own = {row["id"] for row in ledger.rows("SELECT id FROM runs")}
        foreign = [run for run in runs if run.id not in own]
        connection.executemany(
            "INSERT OR REPLACE INTO inherited_runs VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (run.id, run.episode, run.target, run.state, run.verification, run.started, run.ended)
                for run in foreign
            ],
        )
        return len(foreign)


def recent(ledger: Ledger, steady: float) -> tuple[PastRun, ...]:
    """Return those of the last 24 hours."""
    rows = ledger.rows(f"{_PAST} WHERE started_steady > ?", steady - DAY)
    return tuple(past(row) for row in rows)


def attempts(ledger: Ledger, episode: str) -> tuple[PastRun, ...]:
    """Return those of an episode, oldest first."""
    rows = ledger.rows(f"{_PAST} WHERE episode = ? ORDER BY started_steady", episode)
    return tuple(past(row) for row in rows)


_PAST = "SELECT episode, target, state, verification, started_steady, ended_steady FROM inherited_runs"
