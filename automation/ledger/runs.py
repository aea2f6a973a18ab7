"""Recording runs: their life from queued to verdict, their locks, and the reports about them."""

import json
import sqlite3
import uuid
from dataclasses import dataclass
from typing import Any

from automation.clock import DAY, Clock
from automation.ledger.database import Ledger
from automation.ledger.episodes import Episode
from automation.ledger.reports import RUNS, spool
from automation.policy.schemas import Mode, Remedy
from automation.records import Decision, PastRun
from contract.moments import rfc3339
from contract.runs import ALLOWED, OPEN, RunReason, RunState, Verdict

Variables = dict[str, int | str]
RUN_ID = "run_id"


@dataclass(frozen=True)
class Run:
    """One run of a playbook; `document` is what the app is told."""

    id: str
    episode: str
    fingerprint: str
    target: str
    attempt: int
    state: RunState
    verification: Verdict | None
    queued_steady: float
    finished_steady: float | None
    within: float
    hold: float
    variables: Variables
    timeout: float
    document: dict[str, Any]
    digest: str | None
    """What the playbooks folder must hold for this run to start; none: the policy alone says."""


def queue(
    ledger: Ledger,
    episode: Episode,
    decision: Decision,
    *,
    remedy: Remedy,
    variables: Variables,
    within: float = 0,
    hold: float = 0,
    digest: str | None = None,
    clock: Clock,
) -> str:
    """Queue a run and take the lock of its target. Returns the run's id.

    Attempt 0 is a look at the target (diagnostics): it takes no lock and counts for no budget.

    Raises sqlite3.IntegrityError when the target is locked: nothing may start then. Raises ValueError for a
    decision not to run.
    """
    run_id = uuid.uuid4().hex
    if decision.target is None or decision.attempt is None:
        raise ValueError("only a decision to run can be queued")
    document = {
        "id": run_id,
        "version": 1,
        "episode": episode.id,
        "event_id": episode.event_id,
        "seq": episode.last_seq,
        "fingerprint": episode.fingerprint,
        "alertname": episode.alertname,
        "remedy": decision.remedy,
        "playbook": decision.playbook,
        "target": decision.target.as_json(),
        "mode": "approve" if remedy.mode is Mode.APPROVE and decision.attempt else "auto",
        "attempt": decision.attempt,
        "state": RunState.QUEUED,
        "verification": None,
        "queued_at": rfc3339(clock.wall()),
        "started_at": None,
        "finished_at": None,
        "exit_code": None,
        "duration_s": None,
        "reason": None,
        "detail": None,
        "tasks": [],
        "task_counts": {},
        "output_tail": "",
        "verdict_at": None,
        "verdict_detail": None,
        "evidence": {},
    }
    with ledger.transaction() as connection:
        connection.execute(
            """
            INSERT INTO runs (id, episode, fingerprint, target, attempt, state, queued_steady, within, hold,
                variables, timeout, document, digest)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            (
                run_id,
                episode.id,
                episode.fingerprint,
                decision.target.key,
                decision.attempt,
                RunState.QUEUED,
                clock.steady(),
                within,
                hold,
                json.dumps(variables),
                remedy.timeout,
                json.dumps(document),
                digest,
            ),
        )
        if decision.attempt:
            connection.execute("INSERT INTO locks (target, run) VALUES (?, ?)", (decision.target.key, run_id))
        spool(ledger, RUNS, run_id, document)
    return run_id


def change(ledger: Ledger, run_id: str, **fields: Any) -> Run:
    """Change fields of a run's document, grow its version and spool it.

    Raises ValueError for a state that may not follow the run's.
    """
    with ledger.transaction() as connection:
        run = get_run(ledger, run_id)
        state = fields.get("state", run.state)
        if state is not run.state and state not in ALLOWED[run.state]:
            raise ValueError(f"run {run_id} is {run.state} and cannot become {state}")
        document = run.document
        document.update(fields, version=document["version"] + 1)
        connection.execute(
            "UPDATE runs SET state = ?, verification = ?, document = ? WHERE id = ?",
            (document["state"], document["verification"], json.dumps(document), run_id),
        )
        spool(ledger, RUNS, run_id, document, document["version"])
        return get_run(ledger, run_id)


def finish(ledger: Ledger, run_id: str, state: RunState, clock: Clock, **fields: Any) -> Run:
    """End a run in a final state, release its lock, and begin its verification if it repaired something."""
    with ledger.transaction() as connection:
        connection.execute("UPDATE runs SET finished_steady = ? WHERE id = ?", (clock.steady(), run_id))
        connection.execute("DELETE FROM locks WHERE run = ?", (run_id,))
        is_repair = get_run(ledger, run_id).attempt > 0
        has_acted = fields.get("reason") != RunReason.NOTHING_DONE
        verification = Verdict.PENDING if state == RunState.SUCCEEDED and is_repair and has_acted else None
        finished_at = rfc3339(clock.wall())
        return change(
            ledger, run_id, state=state, verification=verification, finished_at=finished_at, **fields
        )


def get_run(ledger: Ledger, run_id: str) -> Run:
    """Return a run by its id."""
    return _run(ledger.rows("SELECT * FROM runs WHERE id = ?", run_id)[0])


def has_diagnostics(ledger: Ledger, episode: str) -> bool:
    """Say whether the target of an episode has been looked at, or will be."""
    return bool(ledger.rows("SELECT 1 FROM runs WHERE episode = ? AND attempt = 0", episode))


def in_state(ledger: Ledger, state: RunState) -> list[Run]:
    """Return the runs in a state, oldest first."""
    query = "SELECT * FROM runs WHERE state = ? ORDER BY queued_steady, rowid"
    return [_run(row) for row in ledger.rows(query, state)]


def unsettled(ledger: Ledger, most: int) -> list[str]:
    """Return the ids of runs that are not over or whose verdict is still open, newest first."""
    states = ", ".join(f"'{state}'" for state in sorted(OPEN))
    query = f"SELECT id FROM runs WHERE state IN ({states}) OR verification = 'pending'"  # noqa: S608 - own names
    return [row["id"] for row in ledger.rows(f"{query} ORDER BY queued_steady DESC LIMIT ?", most)]


def unverified(ledger: Ledger) -> list[Run]:
    """Return the runs whose verdict is still open."""
    query = "SELECT * FROM runs WHERE verification = 'pending' ORDER BY queued_steady, rowid"
    return [_run(row) for row in ledger.rows(query)]


def last_runs(ledger: Ledger, count: int) -> list[Run]:
    """Return the newest runs, newest first."""
    query = "SELECT * FROM runs ORDER BY queued_steady DESC, rowid DESC LIMIT ?"
    return [_run(row) for row in ledger.rows(query, count)]


def recent(ledger: Ledger, steady: float) -> tuple[PastRun, ...]:
    """Return the runs of the last 24 hours and all that are not over."""
    query = (
        _PAST + "WHERE attempt > 0 AND (queued_steady > ? OR state IN ('queued', 'running'))"
        " ORDER BY queued_steady"
    )
    return tuple(past(row) for row in ledger.rows(query, steady - DAY))


def attempts(ledger: Ledger, episode: str) -> tuple[PastRun, ...]:
    """Return the runs of an episode, oldest first."""
    query = _PAST + "WHERE episode = ? AND attempt > 0 ORDER BY attempt"
    return tuple(past(row) for row in ledger.rows(query, episode))


def to_repeat(ledger: Ledger, episode: str) -> str | None:
    """Return the id that the playbook was given of an episode's last run, if that was interrupted.

    Given it again, a playbook that acts once per id goes on where it was, instead of acting twice.
    """
    rows = ledger.rows(
        """
        SELECT id, state, variables, queued_steady AS at, attempt FROM runs WHERE episode = ? AND attempt > 0
        UNION ALL SELECT id, state, '{}', started_steady, 0 FROM inherited_runs WHERE episode = ?
        ORDER BY at DESC, attempt DESC LIMIT 1
        """,
        episode,
        episode,
    )
    if not rows or rows[0]["state"] != RunState.INTERRUPTED:
        return None
    return str(json.loads(rows[0]["variables"]).get(RUN_ID, rows[0]["id"]))


def locked(ledger: Ledger) -> frozenset[str]:
    """Return the targets that a run holds."""
    return frozenset(row["target"] for row in ledger.rows("SELECT target FROM locks"))


_PAST = "SELECT episode, target, state, verification, queued_steady, finished_steady FROM runs "


def past(row: sqlite3.Row) -> PastRun:
    """Return a run as the guards see it, of a row with the columns of `_PAST`."""
    episode, target, state, verdict, started, ended = row
    return PastRun(episode, target, RunState(state), Verdict(verdict) if verdict else None, started, ended)


def _run(row: sqlite3.Row) -> Run:
    values = dict(row)
    values["variables"], values["document"] = json.loads(row["variables"]), json.loads(row["document"])
    values["state"] = RunState(row["state"])
    values["verification"] = Verdict(row["verification"]) if row["verification"] else None
    return Run(**values)
