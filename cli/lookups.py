"""The commands that look up runs, users and the token."""

import argparse

from cli import times
from cli.client import Client
from cli.terminal import clean, table
from cli.write import print_json, print_line


def runs(client: Client, options: argparse.Namespace) -> None:
    """Print what the automation ran."""
    found = list(client.listed("/runs", options.limit, incident=options.incident))
    if options.json:
        print_json(found)
    elif found:
        headings = ("STARTED", "INCIDENT", "STATE", "VERDICT", "PLAYBOOK", "TARGET")
        rows = [
            (
                times.local(run["started_at"]),
                run["incident"],
                run["state"],
                run["verification"],
                run["playbook"],
                "/".join(filter(None, (run["target"].get(part) for part in ("kind", "namespace", "name")))),
            )
            for run in found
        ]
        print_line(table(headings, rows))
    else:
        print_line("No such runs.")


def users(client: Client, options: argparse.Namespace) -> None:
    """Print who there is."""
    found = list(client.listed("/users", options.limit))
    if options.json:
        print_json(found)
    else:
        rows = [(user["id"], user["role"], user["status"], user["name"]) for user in found]
        print_line(table(("ID", "ROLE", "STATUS", "NAME"), rows))


def whoami(client: Client, options: argparse.Namespace) -> None:
    """Print the token's name, scopes, person and end."""
    token = client.get("/token")
    if options.json:
        print_json(token)
        return
    person = clean(token["user"]["name"]) if token["user"] else "no user"
    ends = times.local(token["expires_at"]) or "never"
    print_line(f"{clean(token['name'])}: {', '.join(token['scopes'])}; acts for {person}; expires {ends}")
