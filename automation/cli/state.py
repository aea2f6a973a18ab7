"""`status`, `runs`, `pause` and `resume`: look at and steer a follower on this host."""

import argparse
import getpass
import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from automation.cli.table import show
from automation.errors import ConfigurationError
from automation.follow.state import POLICY, is_running, paused_by
from automation.follow.state import pause as write_pause
from automation.follow.state import resume as remove_pause
from automation.instructions.reader import known
from automation.ledger import episodes, reports, runs
from automation.ledger.database import FILE, Ledger, copy_ledger
from automation.policy.load import digest
from contract.runs import RunState


def status(_arguments: argparse.Namespace) -> int:
    """Show where automation stands."""
    folder = state_dir()
    with _ledger(folder) as ledger:
        sys.stdout.write(show(("automation", ""), _facts(folder, ledger)) + "\n")
        heading = ("open alert", "since", "decision", "reason", "detail")
        sys.stdout.write(show(heading, _open_alerts(ledger)))
        if refusals := _refusals(ledger):
            sys.stdout.write("\n" + show(("refused report", "id", "answer of the app"), refusals))
    return 0


def list_runs(arguments: argparse.Namespace) -> int:
    """Show the newest runs."""
    with _ledger(state_dir()) as ledger:
        newest = runs.last_runs(ledger, arguments.count)
    rows = [
        (
            run.document["queued_at"],
            run.document["remedy"],
            run.target,
            run.attempt,
            run.state,
            run.verification,
            run.document["duration_s"],
            run.id,
        )
        for run in newest
    ]
    heading = ("queued", "remedy", "target", "attempt", "state", "verdict", "seconds", "id")
    sys.stdout.write(show(heading, rows))
    return 0


def pause(arguments: argparse.Namespace) -> int:
    """Stop new runs until `resume`."""
    write_pause(state_dir(), getpass.getuser(), arguments.reason)
    sys.stdout.write("Paused: no new run starts. What is deferred is decided again after resume.\n")
    return 0


def resume(_arguments: argparse.Namespace) -> int:
    """Allow new runs again."""
    was_paused = remove_pause(state_dir())
    sys.stdout.write("Resumed.\n" if was_paused else "Automation was not paused on this host.\n")
    return 0


def state_dir() -> Path:
    """Return the state directory; these commands need no other setting. Raises ConfigurationError."""
    path = os.environ.get("OIMS_STATE_DIR")
    if not path:
        raise ConfigurationError("OIMS_STATE_DIR is not set: the directory of the ledger")
    return Path(path).expanduser().absolute()


def _policy(ledger: Ledger) -> str:
    known_digest, _, path = (ledger.meta(POLICY) or "").partition(" ")
    if not path:
        return "not read yet"
    if digest(Path(path)) == known_digest:
        return path
    return f"{path} was changed after the start: start automation again to use it"


@contextmanager
def _ledger(state_dir: Path) -> Iterator[Ledger]:
    """Open a copy of the ledger, which a follower may be writing. Raises ConfigurationError."""
    if not (state_dir / FILE).exists():
        raise ConfigurationError(f"OIMS_STATE_DIR: there is no ledger in {state_dir}; nothing ran here yet")
    with closing(copy_ledger(state_dir)) as ledger:
        yield ledger


def _facts(state_dir: Path, ledger: Ledger) -> list[tuple[str, object]]:
    waiting, refused = reports.counts(ledger)
    at_work = [*runs.in_state(ledger, RunState.RUNNING), *runs.in_state(ledger, RunState.QUEUED)]
    return [
        ("follower", "running" if is_running(state_dir) else "not running"),
        ("paused", paused_by(state_dir) or known(ledger).pause or "no"),
        ("journal read up to", episodes.offset(ledger)),
        ("runs at work", len(at_work)),
        ("verdicts open", len(runs.unverified(ledger))),
        ("policy", _policy(ledger)),
        ("reports waiting", waiting),
        ("reports refused", refused),
    ]


def _open_alerts(ledger: Ledger) -> list[tuple[str | None, ...]]:
    query = """
        SELECT e.alertname, e.opened_at, d.document FROM episodes e
        LEFT JOIN decisions d ON d.episode = e.id AND d.current = 1
        WHERE e.status = 'firing' ORDER BY e.opened_seq
    """
    return [(row["alertname"], row["opened_at"], *_decision(row["document"])) for row in ledger.rows(query)]


def _refusals(ledger: Ledger) -> list[tuple[str, ...]]:
    query = "SELECT path, subject, refused FROM reports WHERE refused IS NOT NULL ORDER BY id"
    return [tuple(row) for row in ledger.rows(query)]


def _decision(text: str | None) -> tuple[str | None, ...]:
    if text is None:
        return (None, None, None)
    document = json.loads(text)
    return (document["decision"], document["reason"], document["detail"])
