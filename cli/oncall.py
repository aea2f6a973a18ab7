"""The commands about who is on call."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cli import times
from cli.client import Client
from cli.errors import USAGE, CommandError
from cli.terminal import clean, table
from cli.write import print_json, print_line


def who(client: Client, options: argparse.Namespace) -> None:
    """Print who is on call by each schedule, and who is next."""
    found = _schedules(client)
    if options.json:
        print_json(found)
    elif found:
        rows = [
            (one["name"], _people(one["now"]), times.local(one["now"]["ends_at"]), _people(one["next"]))
            for one in found
        ]
        print_line(table(("SCHEDULE", "ON CALL", "UNTIL", "NEXT"), rows))
    else:
        print_line("No schedules.")


def shifts(client: Client, options: argparse.Namespace) -> None:
    """Print the shifts and gaps of a schedule that are to come."""
    found = _shifts(client, _named(client, options.schedule)["id"])
    if options.json:
        print_json(found)
    else:
        rows = [(times.local(one["starts_at"]), times.local(one["ends_at"]), _people(one)) for one in found]
        print_line(table(("FROM", "TO", "ON CALL"), rows))


def take(client: Client, options: argparse.Namespace) -> None:
    """Have a person take over a schedule: the one whom the token acts for, if no one is named."""
    schedule = _named(client, options.schedule)
    start = times.in_zone(options.starts_at, None) if options.starts_at else datetime.now(UTC)
    end = times.in_zone(options.ends_at, None) if options.ends_at else start.astimezone(UTC) + options.length
    body = {
        "person": options.person,
        "starts_at": start.isoformat(),
        "ends_at": end.isoformat(),
        "reason": options.reason,
    }
    made = client.post(f"/schedules/{schedule['id']}/overrides", body)
    if options.json:
        print_json(made)
        return
    stretch = f"{times.local(made['starts_at'])} to {times.local(made['ends_at'])}"
    print_line(f"Override {made['id']} of {clean(schedule['name'])} is made: {stretch}")


def _schedules(client: Client) -> Sequence[dict[str, Any]]:
    found: Sequence[dict[str, Any]] = client.get("/schedules")["items"]
    return found


def _shifts(client: Client, schedule_id: int) -> Sequence[dict[str, Any]]:
    found: Sequence[dict[str, Any]] = client.get(f"/schedules/{schedule_id}/shifts")["items"]
    return found


def _named(client: Client, name: str) -> dict[str, Any]:
    """Return the schedule of this name or id; without a name, the only one there is."""
    found = _schedules(client)
    if name:
        found = [one for one in found if name in {one["name"], str(one["id"])}]
    if len(found) == 1:
        return found[0]
    raise CommandError("Name one schedule; `oims oncall who` lists them.", USAGE)


def _people(shift: dict[str, Any] | None) -> str:
    if shift is None:
        return ""
    return ", ".join(person["name"] for person in shift["people"]) or "nobody"
