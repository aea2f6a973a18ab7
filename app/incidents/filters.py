"""The list's filters as they stand in the URL: read, and written back with one thing changed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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


@dataclass(frozen=True)
class Selection:
    """What the reader asked for; unknown values in the URL count as not given."""

    view: str = "active"
    severity: Severity | None = None
    owner: str = ""
    source: Source | None = None
    text: str = ""
    after: str | None = None

    @classmethod
    def from_url(cls, args: "MultiDict[str, str]") -> "Selection":
        """Read the query string."""
        return cls(
            view=args["state"] if args.get("state") in VIEWS else "active",
            severity=Severity(args["severity"]) if args.get("severity") in set(Severity) else None,
            owner=args["owner"] if args.get("owner") in OWNERS else "",
            source=Source(args["source"]) if args.get("source") in set(Source) else None,
            text=args.get("q", "").replace("\x00", "").strip()[:MAX_TEXT],
            after=args.get("after"),
        )

    def filters(self, user_id: int) -> Filters:
        """Return the conditions for the query; `user_id` is the reader's."""
        return Filters(
            states=VIEWS[self.view],
            severities=(self.severity,) if self.severity else (),
            source=self.source,
            owner_id=user_id if self.owner == "me" else None,
            is_unowned=self.owner == "nobody",
            text=self.text,
        )

    @property
    def is_narrowed(self) -> bool:
        """Say whether anything but the state is filtered."""
        return bool(self.severity or self.owner or self.source or self.text)

    @property
    def is_ranked(self) -> bool:
        """Say whether the list is short enough to rank by severity; the others page by key, newest first."""
        return self.view in {"active", "open", "acknowledged"}

    def url(self, **changes: str | None) -> str:
        """Return the address of this selection with some parts changed; it starts at the first page again."""
        parts: dict[str, Any] = {
            "state": None if self.view == "active" else self.view,
            "severity": self.severity,
            "owner": self.owner or None,
            "source": self.source,
            "q": self.text or None,
            "after": None,
        } | changes
        return url_for("incidents.index", **{name: value for name, value in parts.items() if value})
