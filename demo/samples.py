"""What an installation in use would have: a few people, and incidents that people opened."""

from demo.parts import Parts

PEOPLE = (("ada@example.org", "Ada Field"), ("ben@example.org", "Ben Moor"))
INCIDENTS = (
    ("Certificate of the shop expires on Friday", "medium"),
    ("Nightly report came twice", "low"),
)


def add_incidents(parts: Parts) -> str:
    """Add incidents by the public API to the people of the set-up. Return what there is, in words."""
    for title, severity in INCIDENTS:
        parts.api("/api/v1/incidents", {"title": title, "severity": severity})
    return f"{len(PEOPLE)} sample users and {len(INCIDENTS)} sample incidents"
