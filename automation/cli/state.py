"""`status`, `runs`, `pause` and `resume`: look at and steer a follower on this host."""

import argparse
import getpass
import json
import os
import sys
from pathlib import Path

from automation.cli.table import show
from automation.errors import ConfigurationError
from automation.follow.service import POLICY
from automation.follow.state import is_running, paused_by
from automation.follow.state import pause as write_pause
from automation.follow.state import resume as remove_pause
from automation.instructions.reader import known
from automation.ledger import episodes, reports, runs
from automation.ledger.database import FILE, Ledger, copy_ledger
from automation.policy.load import digest


def status(_arguments: argparse.Namespace) -> int:
    """Show where automation stands."""
    state_dir, ledger = _open()
    waiting, refused = reports.counts(ledger)
    in_app = known(ledger).pause
    facts = [
        ("follower", "running" if is_running(state_dir) else "not running"),
        ("paused", paused_by(state_dir) or in_app or "no"),
        ("journal read up to", episodes.offset(ledger)),
        ("runs at work", len(runs.in_state(ledger, "running")) + len(runs.in_state(ledger, "queued"))),
        ("verdicts open", len(runs.unverified(ledger))),
        ("policy", _policy(ledger)),
        ("reports waiting", waiting),
        ("reports refused", refused),
    ]
    sys.stdout.write(show(("automation", ""), facts) + "\n")
    query = """
        SELECT e.alertname, e.opened_at, d.document FROM episodes e
        LEFT JOIN decisions d ON d.episode = e.id AND d.current = 1
        WHERE e.status = 'firing' ORDER BY e.opened_seq
    """
    rows = [(row["alertname"], row["opened_at"], *_decision(row["document"])) for row in ledger.rows(query)]
    sys.stdout.write(show(("open alert", "since", "decision", "reason", "detail"), rows))
    refusals = ledger.rows("SELECT path, subject, refused FROM reports WHERE refused IS NOT NULL ORDER BY id")
    if refusals:
        sys.stdout.write(
            "\n" + show(("refused report", "id", "answer of the app"), [tuple(r) for r in refusals])
        )
    return 0


def list_runs(arguments: argparse.Namespace) -> int:
    """Show the newest runs."""
    _, ledger = _open()
    rows = []
    for run in runs.last_runs(ledger, arguments.count):
        document = run.document
        rows.append(
            (
                document["queued_at"],
                document["remedy"],
                run.target,
                run.attempt,
                run.state,
                run.verification,
                document["duration_s"],
                run.id,
            )
        )
    heading = ("queued", "remedy", "target", "attempt", "state", "verdict", "seconds", "id")
    sys.stdout.write(show(heading, rows))
    return 0


def pause(arguments: argparse.Namespace) -> int:
    """Stop new runs until `resume`."""
    write_pause(_state_dir(), getpass.getuser(), arguments.reason)
    sys.stdout.write("Paused: no new run starts. What is deferred is decided again after resume.\n")
    return 0


def resume(_arguments: argparse.Namespace) -> int:
    """Allow new runs again."""
    was_paused = remove_pause(_state_dir())
    sys.stdout.write("Resumed.\n" if was_paused else "Automation was not paused on this host.\n")
    return 0


def _state_dir() -> Path:
    """Return the state directory; these commands need no other setting."""
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


def _open() -> tuple[Path, Ledger]:
    state_dir = _state_dir()
    if not (state_dir / FILE).exists():
        raise ConfigurationError(f"OIMS_STATE_DIR: there is no ledger in {state_dir}; nothing ran here yet")
    return state_dir, copy_ledger(state_dir)


def _decision(text: str | None) -> tuple[str | None, ...]:
    if text is None:
        return (None, None, None)
    document = json.loads(text)
    return (document["decision"], document["reason"], document["detail"])
