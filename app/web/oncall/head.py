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
from app.oncall.overview import Standing
from app.web.pages import zone

KEPT_S = 5


@dataclass
class Known:
    """What this process knows of who is on call."""

    at: float = float("-inf")
    standings: Sequence[Standing] = ()
    names: dict[int, str] = field(default_factory=dict)
    teams: dict[int, frozenset[int]] = field(default_factory=dict)


class Head:
    """What is known, until it is too old."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._known = Known()

    def known(self) -> Known:
        """Return what is known; looked up again where it is old, or its time has come."""
        with self._lock:
            if monotonic() - self._known.at > KEPT_S or _is_over(self._known, now()):
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
    mine = [standing for standing in known.standings if current_user.id in standing.now.people]
    if mine:
        return "You are on call" + _until(min(mine, key=lambda standing: standing.now.ends_at))
    teams = known.teams.get(current_user.id, frozenset())
    own = [standing for standing in known.standings if standing.team_id in teams] or known.standings
    if not own:
        return ""
    first = next((standing for standing in own if standing.now.people), own[0])
    words = " and ".join(known.names.get(person, "somebody") for person in first.now.people) or "nobody"
    place = f" for {first.name}" if len(known.standings) > 1 else ""
    without = [standing.name for standing in own if not standing.now.people and standing is not first]
    missing = (
        f"; nobody for {without[0] if len(without) == 1 else f'{len(without)} others'}" if without else ""
    )
    return f"On call{place}: {words}" + _until(first) + missing


def init_app(app: Flask) -> None:
    """Give pages the line; who changes something sees it change."""
    app.extensions["oncall_head"] = Head()
    app.jinja_env.globals["on_call_line"] = line

    @app.after_request
    def forget[R](response: R) -> R:
        if request.blueprint == "oncall" and request.method == "POST":
            app.extensions["oncall_head"].forget()
        return response


def _until(standing: Standing) -> str:
    return "" if standing.is_endless else f" until {formats.brief(standing.now.ends_at, now(), zone())}"


def _is_over(known: Known, moment: datetime) -> bool:
    return any(standing.now.ends_at <= moment for standing in known.standings)


def _look() -> Known:
    standings = overview.standings(now())
    people = {person for standing in standings for person in standing.now.people}
    return Known(monotonic(), standings, queries.names(people), overview.teams_of_people())
