"""The commands about incidents."""

import argparse
import json
import sys
from typing import Any

from cli import times
from cli.client import Client
from cli.errors import CommandError
from cli.terminal import clean, coloured, table
from cli.write import print_json, print_line
from contract.text import decoded

UNRESOLVED = ("open", "acknowledged")
HEADINGS = ("ID", "STATE", "SEVERITY", "OWNER", "AGE", "AUTOMATION", "TITLE")
WHOLE_TIMELINE = 10_000
MAX_DIGITS = 10


def list_them(client: Client, options: argparse.Namespace) -> None:
    """Print incidents, newest first."""
    states = options.state or ([] if options.all else UNRESOLVED)
    found = list(
        client.listed(
            "/incidents",
            options.limit,
            state=list(states),
            severity=options.severity,
            source=options.source,
            owner=options.owner and person(client, options.owner),
            q=options.search,
        )
    )
    if options.json:
        print_json(found)
    elif found:
        print_line(table(HEADINGS, [_row(incident) for incident in found]))
    else:
        print_line("No such incidents.")


def show(client: Client, options: argparse.Namespace) -> None:
    """Print an incident and its timeline."""
    incident = client.get(f"/incidents/{options.id}")
    timeline = list(client.listed(f"/incidents/{options.id}/timeline", WHOLE_TIMELINE))
    if options.json:
        print_json(incident | {"timeline": timeline})
        return
    print_line(f"{incident['id']}  {clean(incident['title'])}")
    for name, value in _facts(incident):
        print_line(f"{name + ':':13} {coloured(clean(value))}")
    print_line("")
    for item in timeline:
        print_line(f"{times.local(item['at'])}  {clean(item['summary'])}")
        if "body" in item["data"]:
            print_line(f"{'':28}{clean(item['data']['body'])}")


def create(client: Client, options: argparse.Namespace) -> None:
    """Open an incident and print its id."""
    body = {
        "title": options.title,
        "severity": options.severity,
        "description": _typed(options.description),
        "service": options.service,
        "labels": dict(options.label),
        "owner": person(client, options.owner) if options.owner else None,
    }
    _confirm(options, client.post("/incidents", body), "is opened")


def acknowledge(client: Client, options: argparse.Namespace) -> None:
    """Take incidents."""
    for incident_id in options.id:
        _confirm(options, client.post(f"/incidents/{incident_id}/acknowledge", {}), "is acknowledged")


def resolve(client: Client, options: argparse.Namespace) -> None:
    """Close incidents."""
    _act(client, options, "resolve", "is resolved")


def reopen(client: Client, options: argparse.Namespace) -> None:
    """Open resolved incidents again."""
    _act(client, options, "reopen", "is open again")


def escalate(client: Client, options: argparse.Namespace) -> None:
    """Call for more people."""
    _act(client, options, "escalate", "is escalated")


def assign(client: Client, options: argparse.Namespace) -> None:
    """Give an incident to a person, or to nobody."""
    owner = None if options.who == "nobody" else person(client, options.who)
    incident = client.post(f"/incidents/{options.id}/assign", {"owner": owner})
    whom = clean(incident["owner"]["name"]) if incident["owner"] else "nobody"
    _confirm(options, incident, f"belongs to {whom}")


def change_severity(client: Client, options: argparse.Namespace) -> None:
    """Say how bad an incident is."""
    incident = client.post(f"/incidents/{options.id}/severity", {"severity": options.level})
    _confirm(options, incident, f"has the severity {options.level}")


def comment(client: Client, options: argparse.Namespace) -> None:
    """Comment on an incident."""
    incident = client.post(f"/incidents/{options.id}/comments", {"body": _typed(options.text)})
    _confirm(options, incident, "has your comment")


def person(client: Client, who: str) -> int:
    """Return the id of a user given as ``me``, an id, or a mail address.

    Raises:
        CommandError: there is no such user, or the token acts for nobody.

    """
    if who.isascii() and who.isdigit() and len(who) <= MAX_DIGITS:
        return int(who)
    if who == "me":
        user = client.get("/token")["user"]
        if user is None:
            raise CommandError("This token acts for no user; name one by id or mail address.")
        return int(user["id"])
    found = list(client.listed("/users", 1, email=who))
    if not found:
        raise CommandError(f"There is no user with the address {who!r}.")
    return int(found[0]["id"])


def _act(client: Client, options: argparse.Namespace, action: str, words: str) -> None:
    for incident_id in options.id:
        _confirm(
            options, client.post(f"/incidents/{incident_id}/{action}", {"reason": options.reason}), words
        )


def _confirm(options: argparse.Namespace, incident: dict[str, Any], words: str) -> None:
    """Say what became of an incident; with --json one line for each, so that several are JSON lines."""
    if options.json:
        print_line(json.dumps(incident))
    else:
        print_line(f"Incident {incident['id']} {words}: {clean(incident['url'])}")


def _typed(text: str) -> str:
    return decoded(sys.stdin.buffer.read()) if text == "-" else text


def _row(incident: dict[str, Any]) -> tuple[object, ...]:
    return (
        incident["id"],
        incident["state"],
        incident["severity"],
        incident["owner"]["name"] if incident["owner"] else "",
        times.age(incident["opened_at"]),
        incident["verdict"] or "",
        incident["title"],
    )


def _facts(incident: dict[str, Any]) -> list[tuple[str, object]]:
    owner = incident["owner"]["name"] if incident["owner"] else "nobody"
    facts = [
        ("State", incident["state"]),
        ("Severity", incident["severity"]),
        ("Owner", owner),
        ("Service", incident["service"]),
        ("Alert", incident["alertname"]),
        ("Firing", "yes" if incident["is_firing"] else None),
        ("Automation", incident["verdict"]),
        ("Opened", times.local(incident["opened_at"])),
        ("Resolved", times.local(incident["resolved_at"])),
        ("Labels", ", ".join(f"{name}={value}" for name, value in sorted(incident["labels"].items()))),
        ("Description", incident["description"]),
        ("Page", incident["url"]),
    ]
    return [(name, value) for name, value in facts if value]
