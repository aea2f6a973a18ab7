"""The commands about maintenance: times in which mails and repairs are held."""

import argparse
import json
from datetime import UTC, datetime, time, timedelta
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
    zone = _zone(options)
    starts_at = (
        times.in_zone(options.starts_at, zone) if options.starts_at else datetime.now().astimezone(zone)
    )
    ends_at = times.in_zone(options.ends_at, zone) if options.ends_at else _later(starts_at, options.length)
    body = {
        "comment": options.why,
        "matchers": options.match,
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
        "until": _last_moment(options, zone),
        "zone": zone.key if zone else "UTC",
    }
    _confirm(options, client.post("/maintenance", body), "is planned")


def end(client: Client, options: argparse.Namespace) -> None:
    """End windows now, or call them off."""
    for window_id in options.id:
        _confirm(options, client.post(f"/maintenance/{window_id}/end", {}), "is over")


def _zone(options: argparse.Namespace) -> ZoneInfo | None:
    """Return the zone that typed times belong to: the one given, else this machine's, if it has a name."""
    name = options.zone or times.own_zone()
    if not name:
        if options.weekly_until is not None:
            raise CommandError("This machine does not tell its time zone; name one with --zone.", USAGE)
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CommandError(f"There is no time zone {name!r} on this machine.", USAGE) from None


def _later(moment: datetime, length: timedelta) -> datetime:
    """Return when a length of time is over, also where clocks change in it."""
    return (moment.astimezone(UTC) + length).astimezone(moment.tzinfo)


def _last_moment(options: argparse.Namespace, zone: ZoneInfo | None) -> str | None:
    """Return the end of the last day of a window that comes back each week."""
    if options.weekly_until is None:
        return None
    return datetime.combine(options.weekly_until, time.max.replace(microsecond=0), zone).isoformat()


def _confirm(options: argparse.Namespace, window: dict[str, Any], words: str) -> None:
    if options.json:
        print_line(json.dumps(window))
        return
    stretch = (
        f"{times.local(window['starts_at'])} to {times.local(window['ends_at'])}, {clean(window['zone'])}"
    )
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
