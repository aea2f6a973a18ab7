"""What an installation in use would have: a few people, and incidents that people opened."""

import secrets

from demo.embedded import app_command
from demo.parts import Parts
from demo.settings import Settings
from demo.state import State

PEOPLE = (("ada@example.org", "Ada Field"), ("ben@example.org", "Ben Moor"))
INCIDENTS = (
    ("Certificate of the shop expires on Friday", "medium"),
    ("Nightly report came twice", "low"),
)


def add(settings: Settings, state: State, parts: Parts) -> str:
    """Add people by the command line and incidents by the public API. Return what was added, in words."""
    for email, name in PEOPLE:
        app_command(settings, state, "user", "create", email, "--name", name, given=secrets.token_urlsafe(16))
    for title, severity in INCIDENTS:
        parts.api("/api/v1/incidents", {"title": title, "severity": severity})
    return f"{len(PEOPLE)} sample users and {len(INCIDENTS)} sample incidents"
