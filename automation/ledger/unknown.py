"""Episodes of which nobody knows what was done: those that are older than a repair of the ledger."""

from automation.clock import DAY
from automation.ledger.database import Ledger
from automation.records import PastRun
from contract.runs import RunState

KEY = "unknown_until"
OPEN = "open"
REPAIRED = "repaired"


def mark(ledger: Ledger, steady: float) -> None:
    """Take every alert for unknown that the journal holds when it is read for the next time."""
    ledger.set_meta(KEY, OPEN)
    ledger.set_meta(REPAIRED, repr(steady))


def close(ledger: Ledger, last_seq: int) -> None:
    """Note where the journal stands: what comes after that is known."""
    if ledger.meta(KEY) == OPEN:
        ledger.set_meta(KEY, last_seq)


def is_unknown(ledger: Ledger, opened_seq: int) -> bool:
    """Say whether an episode that was opened by this event may have been acted on without a trace."""
    until = ledger.meta(KEY)
    return until is not None and (until == OPEN or opened_seq <= int(until))


def assumed(ledger: Ledger, target: str, steady: float) -> tuple[PastRun, ...]:
    """Return the run that is assumed on a target at the time of the repair: cooldowns begin anew there."""
    text = ledger.meta(REPAIRED)
    if text is None or float(text) < steady - DAY:
        return ()
    return (PastRun("", target, RunState.SUCCEEDED, None, float(text), float(text)),)
