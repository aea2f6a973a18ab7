"""The runs that shadow mode would have done: they count for its cooldowns and budgets like real ones."""

from automation.clock import DAY
from automation.ledger.database import Ledger
from automation.records import PastRun
from contract.runs import RunState


def note(ledger: Ledger, episode: str, target: str, steady: float) -> None:
    """Keep that a run would have been done now."""
    with ledger.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO shadow_runs (episode, target, started_steady) VALUES (?, ?, ?)",
            (episode, target, steady),
        )


def recent(ledger: Ledger, steady: float) -> tuple[PastRun, ...]:
    """Return the runs that would have been done in the last 24 hours."""
    query = "SELECT episode, target, started_steady FROM shadow_runs WHERE started_steady > ?"
    rows = ledger.rows(query, steady - DAY)
    return tuple(PastRun(episode, target, RunState.SUCCEEDED, None, at, at) for episode, target, at in rows)
