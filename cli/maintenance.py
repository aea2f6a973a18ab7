"""The commands about maintenance: times in which mails and repairs are held."""

import argparse
import json
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cli import times
from cli.client import Client
from cli.errors import USAGE, CommandError
from cli.terminal import clean, table
from cli.write import print_json, print_line
from contract.matcher_syntax import write

HEADINGS = ("ID", "NOW", "FROM", "TO", "WEEKLY", "ALERTS", "WHY")


def list_them(client: Client, options: argparse.Namespace) -> None:
    """Print the windows, those that are over on request only."""
    found = list(client.listed("/maintenance", options.limit, active=None if options.all else "true"))
    if options.json:
        print_json(found)
    elif found:
        print_line(table(HEADINGS, [_row(window) for window in found]))
    else:
        print_line("No maintenance.")


def plan(client: Client, options: argparse.Namespace) -> None:
    """Plan a window and print its id."""
    starts_at = options.starts_at or datetime.now().astimezone()
    body = {
        "comment": options.why,
        "matchers": options.match,
        "starts_at": starts_at.isoformat(),
        "ends_at": (options.ends_at or starts_at + options.length).isoformat(),
        "until": _last_moment(options),
        "zone": options.zone,
    }
    _tell(options, client.post("/maintenance", body), "is planned")


def end(client: Client, options: argparse.Namespace) -> None:
    """End windows now, or call them off."""
    for window_id in options.id:
        _tell(options, client.post(f"/maintenance/{window_id}/end", {}), "is over")


def _last_moment(options: argparse.Namespace) -> str | None:
    """Return the end of the last day of a window that comes back each week."""
    if options.weekly_until is None:
        return None
    try:
        zone = ZoneInfo(options.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CommandError(f"There is no time zone {options.zone!r} on this machine.", USAGE) from None
    return datetime.combine(options.weekly_until, time.max.replace(microsecond=0), zone).isoformat()


def _tell(options: argparse.Namespace, window: dict[str, Any], words: str) -> None:
    if options.json:
        print_line(json.dumps(window))
        return
    stretch = f"{times.local(window['starts_at'])} to {times.local(window['ends_at'])}"
    print_line(f"Maintenance {window['id']} {words}: {clean(window['comment'])} ({stretch})")


def _row(window: dict[str, Any]) -> tuple[object, ...]:
    return (
        window["id"],
        "yes" if window["holds"] else "no",
        times.local(window["starts_at"]),
        times.local(window["ends_at"]),
        "yes" if window["weekly"] else "no",
        ", ".join(write(one["name"], one["op"], one["value"]) for one in window["matchers"]),
        window["comment"],
    )
