"""The automation's ledger by itself: decisions, runs and locks."""

from cli.doctor.databases import LEDGER, Installation
from cli.doctor.invariants import Tally, invariant
from contract.runs import OPEN, RunState

RESTART = "Restart the automation: it decides again what has no decision. Run doctor again a minute later."
BY_HAND = "Pause the automation, look at the target by hand, restore the ledger from a backup."


@invariant("ledger-file", "The ledger's file is whole.", needs=[LEDGER], advice=BY_HAND)
def _file(installation: Installation, tally: Tally) -> None:
    tally.checked = 1
    for problem in installation.ledger.problems():
        tally.fails(problem)


@invariant(
    "decisions",
    "Every episode that automation has seen has exactly one current decision.",
    needs=[LEDGER],
    advice=RESTART,
)
def _decisions(installation: Installation, tally: Tally) -> None:
    """Let an episode that is newer than every decided one wait for its turn."""
    ledger = installation.ledger
    tally.checked = int((ledger.one("SELECT count(*) FROM episodes") or (0,))[0])
    newest = ledger.one(
        "SELECT max(opened_seq) FROM episodes WHERE id IN (SELECT episode FROM decisions WHERE current = 1)"
    )
    for episode, seq, count in ledger.rows(
        "SELECT e.id, e.opened_seq, count(d.id) FROM episodes e"
        " LEFT JOIN decisions d ON d.episode = e.id AND d.current = 1"
        " GROUP BY e.id HAVING count(d.id) <> 1 ORDER BY e.opened_seq"
    ):
        sentence = f"episode {episode}, opened by event {seq}, has {count} current decisions"
        if count == 0 and (newest is None or newest[0] is None or seq > newest[0]):
            tally.waits(sentence, is_at_rest=installation.is_at_rest)
        else:
            tally.fails(sentence)


@invariant(
    "runs",
    "Every run has exactly one ending, or is in flight and holds its lock.",
    needs=[LEDGER],
    advice=BY_HAND,
)
def _runs(installation: Installation, tally: Tally) -> None:
    ledger = installation.ledger
    for run, attempt, state, verification, finished, lock in ledger.rows(
        "SELECT r.id, r.attempt, r.state, r.verification, r.finished_steady, l.run FROM runs r"
        " LEFT JOIN locks l ON l.run = r.id ORDER BY r.id"
    ):
        tally.checked += 1
        if state in OPEN:
            if finished is not None or verification is not None or (attempt > 0 and lock is None):
                tally.fails(f"run {run} is {state}, and has an ending or no lock")
            else:
                tally.waits(f"run {run} is {state}", is_at_rest=installation.is_at_rest)
        elif finished is None or lock is not None:
            tally.fails(f"run {run} is {state}, and has no ending or still a lock")
        elif (verification is not None) != (state == RunState.SUCCEEDED and attempt > 0):
            tally.fails(f"run {run} is {state} with the verdict {verification}")
    for (run,) in ledger.rows("SELECT run FROM locks WHERE run NOT IN (SELECT id FROM runs)"):
        tally.fails(f"a lock belongs to run {run}, which does not exist")


@invariant(
    "decided-runs",
    "Every decision to run has its run, and no episode and attempt has two.",
    needs=[LEDGER],
    advice=BY_HAND,
)
def _decided_runs(installation: Installation, tally: Tally) -> None:
    ledger = installation.ledger
    for decision, count in ledger.rows(
        "SELECT d.id, count(r.id) FROM decisions d LEFT JOIN runs r"
        " ON r.episode = d.episode AND r.attempt = d.attempt WHERE d.decision = 'run' GROUP BY d.id"
    ):
        tally.checked += 1
        if count != 1:
            tally.fails(f"decision {decision} is to run, and has {count} runs")
