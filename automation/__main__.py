"""`python -m automation`: the command line."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from automation import __version__
from automation.cli.check import check
from automation.cli.contents import digest, manifest
from automation.cli.coverage import coverage
from automation.cli.explain import explain
from automation.cli.follow import follow
from automation.cli.ledger import check_ledger, repair_ledger
from automation.cli.replay import replay
from automation.cli.state import list_runs, pause, resume, status
from automation.errors import AutomationError

Command = Callable[[argparse.Namespace], int]

EPILOG = """\
exit status:
  0  done, or stopped when asked to
  1  a check failed, or an unexpected error
  2  a setting, the policy or a folder is wrong; nothing was started
  3  another follower works with this state directory
  4  the journal cannot be read (only with --once)

Settings are environment variables OIMS_*; docs/automation.md lists them.
"""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    arguments = _parser().parse_args(words)
    command: Command = arguments.command
    try:
        return command(arguments)
    except AutomationError as error:
        for line in str(error).splitlines():
            sys.stderr.write(f"automation: {line}\n")
        return error.exit_status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m automation",
        description="Acts on alerts: decides by policy, runs playbooks, verifies, reports.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        described = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        described.set_defaults(command=command)
        return described

    parts = add("follow", follow, "follow the journal and act on it")
    parts.add_argument("--once", action="store_true", help="handle what the journal has now, then exit")
    parts.add_argument("--dry-run", action="store_true", help="decide and log, change nothing")
    add("check", check, "check settings, policy, playbooks, permissions and connections")
    parts = add("explain", explain, "say what would happen to an alert, and why")
    parts.add_argument("alert", metavar="ALERT.json", help="an alert, an event, or a message of Alertmanager")
    parts = add("coverage", coverage, "say which alert rules of Prometheus have a remedy")
    parts.add_argument("rules", metavar="RULES", help="Prometheus' address, or a file of rules")
    parts = add("replay", replay, "decide recorded alerts again by the policy as it is now; acts on nothing")
    parts.add_argument("--since", default="7d", metavar="TIME", help="how far back, such as 12h (default 7d)")
    parts.add_argument("--events", metavar="FILE", help="the webhook's log instead of its journal")
    add("digest", digest, "print the digest of the playbooks folder, for the policy")
    add("manifest", manifest, "print the manifest of playbooks and policy, to be signed")
    group = commands.add_parser(
        "ledger", help="check or repair the ledger", description="Look after the ledger."
    )
    acts = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    acts.add_parser("check", help="say what is wrong with it").set_defaults(command=check_ledger)
    text = "keep a damaged one aside, and write a new one of what can be read"
    acts.add_parser("repair", help=text).set_defaults(command=repair_ledger)
    add("status", status, "show where automation stands and what is decided about each open alert")
    parts = add("runs", list_runs, "show the newest runs")
    parts.add_argument("-n", dest="count", type=int, default=20, metavar="N", help="how many (default 20)")
    parts = add("pause", pause, "stop new runs on this host until resume")
    parts.add_argument("reason", nargs="?", default="", help="shown with every deferral")
    add("resume", resume, "allow new runs again")
    return parser


if __name__ == "__main__":
    os.umask(0o077)  # the ledger and what playbooks print are for this user alone
    sys.exit(main())
