"""The line in the head of every page: who is on call. Each process looks it up every few seconds at most."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from time import monotonic

from flask import Flask, current_app, request
from flask_login import current_user

from app import formats
from app.clock import now
from app.oncall import overview, queries
from app.oncall.schedule import Schedule, on_call, whole
from app.web.pages import zone

KEPT_S = 5


@dataclass(frozen=True)
class Post:
    """One schedule, and who is on call by it now."""

    schedule_id: int
    name: str
    team_id: int | None
    rules: Schedule
    people: tuple[int, ...]


@dataclass
class Known:
    """What this process knows of who is on call; ends of shifts are reckoned only where they are shown."""

    at: float = float("-inf")
    moment: datetime = field(default_factory=now)
    posts: Sequence[Post] = ()
    names: dict[int, str] = field(default_factory=dict)
    teams: dict[int, frozenset[int]] = field(default_factory=dict)
    ends: dict[int, datetime | None] = field(default_factory=dict)

    def end(self, post: Post) -> datetime | None:
        """Return when others are on call by a schedule, or nobody; nothing if that is far away."""
        if post.schedule_id not in self.ends:
            line = whole(post.rules, self.moment, self.moment + overview.AHEAD)
            self.ends[post.schedule_id] = line[0].ends_at if len(line) > 1 else None
        return self.ends[post.schedule_id]


class Head:
    """What is known, until it is too old."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known = Known()

    def known(self) -> Known:
        """Return what is known; looked up again where it is old."""
        with self._lock:
            if monotonic() - self._known.at > KEPT_S:
                self._known = _look()
            return self._known

    def forget(self) -> None:
        """Look again next time."""
        with self._lock:
            self._known = Known()


def line() -> str:
    """Return who is on call, as the reader's pages say it; empty without schedules."""
    head: Head = current_app.extensions["oncall_head"]
    known = head.known()
    mine = [end for post in known.posts if current_user.id in post.people for end in (known.end(post),)]
    if mine:
        return "You are on call" + _until(min((end for end in mine if end is not None), default=None))
    teams = known.teams.get(current_user.id, frozenset())
    own = [post for post in known.posts if post.team_id in teams] or known.posts
    if not own:
        return ""
    first = next((post for post in own if post.people), own[0])
    words = " and ".join(known.names.get(person, "somebody") for person in first.people) or "nobody"
    place = f" for {first.name}" if len(known.posts) > 1 else ""
    without = [post.name for post in own if not post.people and post is not first]
    missing = (
        f"; nobody for {without[0] if len(without) == 1 else f'{len(without)} others'}" if without else ""
    )
    return f"On call{place}: {words}" + _until(known.end(first)) + missing


def init_app(app: Flask) -> None:
    """Give pages the line; who changes something sees it change."""
    app.extensions["oncall_head"] = Head()
    app.jinja_env.globals["on_call_line"] = line

    @app.after_request
    def forget[R](response: R) -> R:
        if request.blueprint == "oncall" and request.method == "POST":
            app.extensions["oncall_head"].forget()
        return response


def _until(end: datetime | None) -> str:
    return "" if end is None else f" until {formats.brief(end, now(), zone())}"


def _look() -> Known:
    moment, rows = now(), queries.everything()
    found = queries.load_live([row.id for row in rows], moment, moment + overview.AHEAD)
    posts = [
        Post(row.id, row.name, row.team_id, found[row.id], on_call(found[row.id], moment)) for row in rows
    ]
    names = queries.names({person for post in posts for person in post.people})
    return Known(monotonic(), moment, posts, names, overview.teams_of_people())
