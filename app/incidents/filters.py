"""The list's filters as they stand in the URL: read, and written back with one thing changed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import url_for

from app.incidents.queries import UNRESOLVED, Filters
from app.records.incidents import Source
from app.records.lifecycle import State
from app.severities import Severity
from contract.matchers import InvalidMatchersError, Matcher, read

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
GROUPS = ("service", "alert", "owner")
MAX_TEXT = 200
LAST_DAY = date(9999, 12, 1)


@dataclass(frozen=True)
class Selection:
    """What the reader asked for; a value that is not understood filters nothing, and ``problems`` say so."""

    view: str = "active"
    severity: Severity | None = None
    owner: str = ""
    source: Source | None = None
    text: str = ""
    service: str = ""
    label: str = ""
    since: date | None = None
    until: date | None = None
    group: str = ""
    after: str | None = None
    problems: tuple[str, ...] = ()

    @classmethod
    def from_url(cls, args: "MultiDict[str, str]") -> "Selection":
        """Read the query string."""
        label = _words(args.get("label", ""))
        return cls(
            view=args["state"] if args.get("state") in VIEWS else "active",
            severity=Severity(args["severity"]) if args.get("severity") in set(Severity) else None,
            owner=args["owner"] if args.get("owner") in OWNERS else "",
            source=Source(args["source"]) if args.get("source") in set(Source) else None,
            text=_words(args.get("q", "")),
            service=_words(args.get("service", "")),
            label=label if label and not _problem_of_label(label) else "",
            since=_day(args.get("since", "")),
            until=_day(args.get("until", "")),
            group=args["group"] if args.get("group") in GROUPS else "",
            after=args.get("after"),
            problems=(*_unknown(args), *([_problem_of_label(label)] if _problem_of_label(label) else [])),
        )

    def filters(self, user_id: int, zone: str = "UTC") -> Filters:
        """Return the conditions for the query; `user_id` is the reader's, and days are those of `zone`."""
        return Filters(
            states=VIEWS[self.view],
            severities=(self.severity,) if self.severity else (),
            source=self.source,
            owner_id=user_id if self.owner == "me" else None,
            is_unowned=self.owner == "nobody",
            text=self.text,
            service=self.service,
            matchers=_matchers(self.label) if self.label else (),
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
            "group": self.group or None,
            "after": None,
        } | changes
        return {name: value for name, value in parts.items() if value}


def _matchers(label: str) -> Sequence[Matcher]:
    """Read the conditions on labels. Raises InvalidMatchersError."""
    return read(label, may_match_empty=True)


def _problem_of_label(label: str) -> str:
    """Say why a filter by label is not understood; nothing if it is."""
    try:
        found = _matchers(label) if label else ()
    except InvalidMatchersError as error:
        return f"The filter by label is not understood. {' '.join(error.sentences)}"
    if any(matcher.op.is_pattern for matcher in found):
        return 'The filter by label takes = and != only, as in team=shop, "service.name"!="käse".'
    return ""


def _unknown(args: "MultiDict[str, str]") -> list[str]:
    """Say which other filters are not understood."""
    known: dict[str, Collection[str]] = {
        "state": VIEWS,
        "severity": set(Severity),
        "owner": OWNERS,
        "source": set(Source),
        "group": GROUPS,
    }
    wrong = [name for name, values in known.items() if args.get(name) and args[name] not in values]
    wrong += [name for name in ("since", "until") if args.get(name) and _day(args[name]) is None]
    return [
        f"The filter {name}={_words(args[name])[:80]} is not understood; it filters nothing."
        for name in wrong
    ]


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
