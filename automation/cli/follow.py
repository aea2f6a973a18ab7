"""`follow`: act on alerts until told to stop."""

import argparse
import signal
import sqlite3
from contextlib import nullcontext

from automation.config import Settings, load_settings
from automation.errors import ConfigurationError
from automation.follow.service import Follower
from automation.follow.state import exclusive, prepare
from automation.ledger.database import FILE, copy_ledger, damaged, open_ledger
from automation.logs import configure_logging
from automation.policy.folder import Folder
from automation.policy.load import load_policy
from automation.policy.schemas import Policy


def follow(arguments: argparse.Namespace) -> int:
    """Run the follower; returns the exit status. Raises ConfigurationError."""
    settings = load_settings()
    configure_logging(settings.log_level, **({"dry_run": True} if arguments.dry_run else {}))
    policy = load_checked_policy(settings)
    if not arguments.dry_run:
        prepare(settings.state_dir)
    with nullcontext() if arguments.dry_run else exclusive(settings.state_dir):
        ledger = copy_ledger(settings.state_dir) if arguments.dry_run else open_ledger(settings.state_dir)
        follower = Follower(settings, policy, ledger, is_dry=arguments.dry_run)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, follower.handle_signal)
        try:
            follower.follow_once() if arguments.once else follower.follow()
        except sqlite3.DatabaseError as error:
            raise ConfigurationError(damaged(settings.state_dir / FILE, str(error))) from error
    return 0


def load_checked_policy(settings: Settings) -> Policy:
    """Return the policy after everything it leads to was checked. Raises ConfigurationError."""
    Folder(settings)
    if not settings.inventory_dir.is_dir():
        raise ConfigurationError(f"OIMS_INVENTORY: {settings.inventory_dir} is not a folder")
    return load_policy(settings.policy_file, settings.playbooks)
