"""The changelog's section of a version, in the form of Keep a Changelog."""

import re

UNRELEASED = "## Unreleased"
HEADING = re.compile(r"^## ", re.MULTILINE)


class NoSectionError(Exception):
    """The changelog says nothing about the version; the message names it."""


def section(text: str, heading: str) -> str | None:
    """Return what stands under a heading of the second level, without it; None where it is not there."""
    found = re.search(rf"^{re.escape(heading)}(?: - .*)?\n", text, re.MULTILINE)
    if found is None:
        return None
    end = HEADING.search(text, found.end())
    return text[found.end() : end.start() if end else len(text)].strip()


def released(text: str, version: str, date: str) -> tuple[str, str]:
    """Return the changelog with the section of a version, and that section.

    The section that is there stays; else what is unreleased becomes it.

    Raises:
        NoSectionError: there is neither.

    """
    heading = f"## [{version}]"
    written = section(text, heading)
    if written:
        return text, written
    unreleased = section(text, UNRELEASED)
    if not unreleased:
        raise NoSectionError(f"CHANGELOG.md has nothing under {heading} and nothing under {UNRELEASED}")
    return text.replace(f"{UNRELEASED}\n", f"{UNRELEASED}\n\n{heading} - {date}\n", 1), unreleased
