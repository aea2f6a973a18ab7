"""`python -m automation`: the command line."""

import argparse
import sys
from collections.abc import Callable, Sequence

from automation import __version__
from automation.cli.follow import follow
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

    command = commands.add_parser(
        "follow", help="follow the journal and act", description="Follow the journal and act on it."
    )
    command.add_argument("--once", action="store_true", help="handle what the journal has now, then exit")
    command.add_argument("--dry-run", action="store_true", help="decide and log, change nothing")
    command.set_defaults(command=follow)
    return parser


if __name__ == "__main__":
    sys.exit(main())
