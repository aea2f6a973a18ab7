"""The list's filters as they stand in the URL: read, and written back with one thing changed."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import url_for

from app.incidents.lifecycle import Severity, State
from app.incidents.models import Source
from app.incidents.queries import UNRESOLVED, Filters

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

VIEWS = {
    "active": UNRESOLVED,
    "open": (State.OPEN,),
    "acknowledged": (State.ACKNOWLEDGED,),
    "resolved": (State.RESOLVED,),
    "all": (),
}
OWNERS = ("me", "nobody")
MAX_TEXT = 200
LAST_DAY = date(9999, 12, 1)
_LABEL = re.compile(r"^[a-zA-Z_][a-zA-Z0-9_.-]{0,99}=.*$")


@dataclass(frozen=True)
class Selection:
    """What the reader asked for; unknown values in the URL count as not given."""

    view: str = "active"
    severity: Severity | None = None
    owner: str = ""
    source: Source | None = None
    text: str = ""
    service: str = ""
    label: str = ""
    since: date | None = None
    until: date | None = None
    after: str | None = None

    @classmethod
    def from_url(cls, args: "MultiDict[str, str]") -> "Selection":
        """Read the query string."""
        return cls(
            view=args["state"] if args.get("state") in VIEWS else "active",
            severity=Severity(args["severity"]) if args.get("severity") in set(Severity) else None,
            owner=args["owner"] if args.get("owner") in OWNERS else "",
            source=Source(args["source"]) if args.get("source") in set(Source) else None,
            text=_words(args.get("q", "")),
            service=_words(args.get("service", "")),
            label=label if _LABEL.match(label := _words(args.get("label", ""))) else "",
            since=_day(args.get("since", "")),
            until=_day(args.get("until", "")),
            after=args.get("after"),
        )

    def filters(self, user_id: int, zone: str = "UTC") -> Filters:
        """Return the conditions for the query; `user_id` is the reader's, and days are those of `zone`."""
        name, _, value = self.label.partition("=")
        return Filters(
            states=VIEWS[self.view],
            severities=(self.severity,) if self.severity else (),
            source=self.source,
            owner_id=user_id if self.owner == "me" else None,
            is_unowned=self.owner == "nobody",
            text=self.text,
            service=self.service,
            label=(name, value) if name else None,
            since=_start(self.since, zone) if self.since else None,
            until=_start(self.until + timedelta(days=1), zone) if self.until else None,
        )

    @property
    def is_narrowed(self) -> bool:
        """Say whether anything but the state is filtered."""
        return any((self.severity, self.owner, self.source, self.text, self.service, self.label, self.days))

    @property
    def days(self) -> str:
        """Return the days between which incidents were opened, in words."""
        parts = (f"from {self.since}" if self.since else "", f"to {self.until}" if self.until else "")
        return " ".join(part for part in parts if part)

    @property
    def is_ranked(self) -> bool:
        """Say whether the list is short enough to rank by severity; the others page by key, newest first."""
        return self.view in {"active", "open", "acknowledged"}

    def url(self, **changes: str | None) -> str:
        """Return the address of this selection with some parts changed; it starts at the first page again."""
        return url_for("incidents.index", **self._parts(changes))

    def query(self) -> str:
        """Return this selection as a query string."""
        return urlencode(self._parts({}))

    def _parts(self, changes: dict[str, str | None]) -> dict[str, Any]:
        parts: dict[str, Any] = {
            "state": None if self.view == "active" else self.view,
            "severity": self.severity,
            "owner": self.owner or None,
            "source": self.source,
            "q": self.text or None,
            "service": self.service or None,
            "label": self.label or None,
            "since": self.since,
            "until": self.until,
            "after": None,
        } | changes
        return {name: value for name, value in parts.items() if value}


def _words(value: str) -> str:
    return value.replace("\x00", "").strip()[:MAX_TEXT]


def _day(value: str) -> date | None:
    """Read ``2026-11-23``; what is no day counts as not given."""
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return day if date.min.replace(year=1970) <= day < LAST_DAY else None


def _start(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
