"""What can be typed. Completion scripts and the reference page are made from this parser, too."""

import argparse
from collections.abc import Callable
from datetime import date
from typing import Any

from cli import __version__, incidents, lookups, maintenance, oncall, times
from cli.client import Client
from cli.doctor import command as doctor
from cli.watch import command as watch

STATES = ("open", "acknowledged", "resolved")
SEVERITIES = ("critical", "high", "medium", "low")
SHELLS = ("bash", "zsh")
EPILOG = """\
environment:
  OIMS_URL          address of the app, such as https://oims.example.org
  OIMS_TOKEN        an API token; or OIMS_TOKEN_FILE, a file that holds it
  NO_COLOR          no colours, also on a terminal

exit status:
  0  done
  1  the app refused: there is no such incident, or its state does not allow it; doctor found something,
     watch --once heard nothing
  2  the command or a setting is wrong
  3  the app cannot be reached, or fails
  4  the token is not valid, or lacks the scope
"""

type Command = Callable[[Client, argparse.Namespace], None]
type Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - what add_subparsers returns


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    made = argparse.ArgumentParser(
        prog="oims",
        description="Incidents from a terminal.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("--version", action="version", version=f"oims {__version__}")
    commands = made.add_subparsers(dest="command", required=True, metavar="command")
    _add_reading(commands)
    _add_opening(commands)
    _add_acting(commands)
    _add_maintenance(commands)
    _add_oncall(commands)
    words = "check that journal, app and ledger agree; reads their databases, not the app"
    looked = commands.add_parser(
        "doctor", help=words, description=f"{words[0].upper()}{words[1:]}.", allow_abbrev=False
    )
    looked.add_argument("--json", action="store_true", help="print what was found as one object")
    doctor.add_options(looked)
    words = "ask at intervals whether OIMS can notify people, and notify them when it can't"
    watched = commands.add_parser(
        "watch", help=words, description=f"{words[0].upper()}{words[1:]}.", allow_abbrev=False
    )
    watch.add_options(watched, _length)
    completion = commands.add_parser("completion", help="print a script that completes oims in a shell")
    completion.add_argument("shell", choices=SHELLS)
    return made


def _command(commands: Commands, name: str, run: Command, words: str) -> argparse.ArgumentParser:
    added = commands.add_parser(
        name, help=words, description=f"{words[0].upper()}{words[1:]}.", allow_abbrev=False
    )
    added.add_argument("--json", action="store_true", help="print what the API answers")
    added.set_defaults(run=run)
    return added


def _add_reading(commands: Commands) -> None:
    found = _command(
        commands, "list", incidents.list_them, "list incidents that are not resolved, newest first"
    )
    found.add_argument("--state", action="append", choices=STATES, help="only this state; may be given again")
    found.add_argument("--all", action="store_true", help="resolved ones, too")
    found.add_argument(
        "--severity", action="append", choices=SEVERITIES, help="only this; may be given again"
    )
    found.add_argument("--source", choices=("person", "alert", "system"), help="who noticed it")
    found.add_argument("--owner", metavar="who", help="me, an id, or a mail address")
    found.add_argument(
        "--search", metavar="words", default="", help="words in title, description, alert or service"
    )
    _add_limit(found)
    shown = _command(commands, "show", incidents.show, "show an incident and its timeline")
    shown.add_argument("id", type=_id)
    runs = _command(commands, "runs", lookups.runs, "list what the automation ran, newest first")
    runs.add_argument("--incident", type=_id, metavar="id", help="only for this incident")
    _add_limit(runs)
    users = _command(commands, "users", lookups.users, "list users")
    _add_limit(users)
    _command(commands, "whoami", lookups.whoami, "show the token, its scopes and for whom it acts")


def _add_opening(commands: Commands) -> None:
    made = _command(commands, "create", incidents.create, "open an incident")
    made.add_argument("title")
    made.add_argument(
        "--severity", choices=SEVERITIES, default="medium", help="how bad it is; default: medium"
    )
    made.add_argument("--description", metavar="text", default="", help="more words; - reads them from stdin")
    made.add_argument("--service", metavar="name", default="", help="what is affected")
    made.add_argument(
        "--label", metavar="name=value", action="append", default=[], type=_label, help="may be given again"
    )
    made.add_argument("--owner", metavar="who", help="me, an id, or a mail address")


def _add_acting(commands: Commands) -> None:
    for name, run, words in (
        ("ack", incidents.acknowledge, "take incidents"),
        ("resolve", incidents.resolve, "close incidents"),
        ("reopen", incidents.reopen, "open resolved incidents again"),
        ("escalate", incidents.escalate, "call for more people"),
    ):
        added = _command(commands, name, run, words)
        added.add_argument("id", type=_id, nargs="+")
        if name != "ack":
            added.add_argument("--reason", metavar="text", default="", help="why; it stands on the timeline")
    assign = _command(commands, "assign", incidents.assign, "give an incident to a person")
    assign.add_argument("id", type=_id)
    assign.add_argument("who", help="me, nobody, an id, or a mail address")
    severity = _command(commands, "severity", incidents.change_severity, "say how bad an incident is")
    severity.add_argument("id", type=_id)
    severity.add_argument("level", choices=SEVERITIES)
    comment = _command(commands, "comment", incidents.comment, "comment on an incident")
    comment.add_argument("id", type=_id)
    comment.add_argument("text", help="what to say; - reads it from stdin")


def _add_maintenance(commands: Commands) -> None:
    words = "hold mails and repairs back for a time"
    group = commands.add_parser("maintenance", help=words, description=f"{words.capitalize()}.")
    under = group.add_subparsers(dest="what", required=True, metavar="what")
    windows = _command(under, "list", maintenance.list_them, "list what holds now or will hold")
    windows.add_argument("--all", action="store_true", help="what is over, too")
    _add_limit(windows)
    planned = _command(under, "plan", maintenance.plan, "plan maintenance")
    planned.add_argument("why", help="shown on each incident that it holds back")
    planned.add_argument(
        "--match",
        metavar="condition",
        action="append",
        required=True,
        help="as service=shop, or in quotes of the shell 'service=~\"api|web-.*\", severity!=critical', "
        "as in Alertmanager; given again, all must hold",
    )
    planned.add_argument(
        "--from", dest="starts_at", metavar="time", type=_time, help="as 2026-11-24T22:00; default: now"
    )
    ends = planned.add_mutually_exclusive_group(required=True)
    ends.add_argument("--to", dest="ends_at", metavar="time", type=_time, help="as 2026-11-24T23:30")
    ends.add_argument("--for", dest="length", metavar="length", type=_length, help="as 90min, 2h or 1d")
    planned.add_argument("--weekly-until", metavar="day", type=_day, help="come back each week until then")
    planned.add_argument(
        "--zone",
        metavar="name",
        help="that of the times, whose clock a weekly one keeps to; default: this machine's",
    )
    ended = _command(under, "end", maintenance.end, "end maintenance now, or call it off")
    ended.add_argument("id", type=_id, nargs="+")


def _add_oncall(commands: Commands) -> None:
    words = "see who is on call, and take over"
    group = commands.add_parser("oncall", help=words, description=f"{words.capitalize()}.")
    under = group.add_subparsers(dest="what", required=True, metavar="what")
    _command(under, "who", oncall.who, "list who is on call now and next")
    coming = _command(under, "shifts", oncall.shifts, "list the shifts and gaps of the next 28 days")
    taken = _command(under, "take", oncall.take, "be on call for a time, instead of all who are then")
    for added in (coming, taken):
        added.add_argument(
            "schedule", nargs="?", default="", help="its name or id; not needed for the only one"
        )
    taken.add_argument(
        "--from", dest="starts_at", metavar="time", type=_time, help="as 2026-11-24T22:00; default: now"
    )
    ends = taken.add_mutually_exclusive_group(required=True)
    ends.add_argument("--to", dest="ends_at", metavar="time", type=_time, help="as 2026-11-25T09:00")
    ends.add_argument("--for", dest="length", metavar="length", type=_length, help="as 90min, 2h or 1d")
    taken.add_argument("--person", type=_id, metavar="id", help="who; default: the token's own person")
    taken.add_argument("--reason", default="", help="shown beside it")


def _add_limit(added: argparse.ArgumentParser) -> None:
    added.add_argument("--limit", type=_id, default=50, metavar="n", help="how many at most; default: 50")


def _id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= incidents.MAX_DIGITS and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _read(read: Callable[[str], Any], text: str, wanted: str) -> Any:
    try:
        return read(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not {wanted}") from None


def _time(text: str) -> Any:
    return _read(times.moment, text, "a time such as 2026-11-24T22:00")


def _length(text: str) -> Any:
    return _read(times.length, text, "a length such as 90min, 2h or 1d")


def _day(text: str) -> Any:
    return _read(date.fromisoformat, text, "a day such as 2026-12-24")


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not name=value")
    return name, value
