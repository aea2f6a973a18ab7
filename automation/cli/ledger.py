"""`ledger check` and `ledger repair`: whether the ledger is whole, and what to do if it is not."""

import argparse
import sys
from datetime import UTC, datetime

from automation.cli.state import state_dir
from automation.cli.table import show
from automation.errors import ConfigurationError
from automation.follow.state import exclusive, prepare
from automation.ledger.database import FILE, REPAIRING
from automation.ledger.health import problems
from automation.ledger.repair import repair


def check_ledger(_arguments: argparse.Namespace) -> int:
    """Print what is wrong with the ledger; returns 1 when something is."""
    path = state_dir() / FILE
    found = problems(path)
    for problem in found:
        sys.stdout.write(f"{path}: {problem}\n")
    if not found:
        sys.stdout.write(f"{path}: the ledger is whole\n")
    elif path.exists():
        sys.stdout.write("To mend it: stop automation, then run `python -m automation ledger repair`.\n")
    return 1 if found else 0


def repair_ledger(_arguments: argparse.Namespace) -> int:
    """Keep a damaged ledger aside and write a new one of what can be read. Raises ConfigurationError."""
    folder = state_dir()
    path = folder / FILE
    prepare(folder)
    with exclusive(folder):
        is_interrupted = (folder / REPAIRING).exists()
        if not path.exists() and not is_interrupted:
            raise ConfigurationError(f"{path}: there is no ledger to mend")
        if not is_interrupted and not problems(path):
            sys.stdout.write(f"{path}: the ledger is whole; nothing was changed\n")
            return 0
        aside = path.with_name(f"{FILE}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}")
        kept = repair(folder, aside)
    sys.stdout.write(show(("table", "rows kept"), list(kept.items())))
    sys.stdout.write(
        f"\nThe damaged ledger is kept as {aside}.\n"
        "What was done about alerts that fire now is not known for certain: none of them is acted on again, "
        "and each is told to a person.\nAlerts that begin from now on are handled as ever.\n"
    )
    return 0
