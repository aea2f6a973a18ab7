"""The list of incidents."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from flask import current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.accounts.access import requires
from app.alerts import arrival as alerts
from app.automation import queries as automation
from app.automation import status
from app.clock import now
from app.incidents import overview, queries, saved_views
from app.incidents.filters import Selection
from app.numbers import queries as numbers
from app.records.accounts import Role
from app.records.incidents import Incident
from app.web.incidents import forms, paging, strip
from app.web.incidents.page import bp
from app.web.pages import live_page, zone
from app.web.reader import may_change

RECENTLY_RESOLVED = 10
MOST_RANKED = 200
MOST_GROUPS = 5


@bp.get("/incidents")
@requires(Role.VIEWER)
def shortened() -> ResponseReturnValue:
    """Lead from a shortened address of an incident to the list, with the filters it names."""
    query = request.query_string.decode("ascii", "replace")
    return redirect(url_for("incidents.index") + (f"?{query}" if query else ""))


@bp.get("/")
@requires(Role.VIEWER)
def index() -> ResponseReturnValue:
    """Show what is on fire, worst and oldest first, then what was resolved lately."""
    selection = Selection.from_url(request.args)
    filters = selection.filters(current_user.id, current_user.timezone)
    following, unshown = None, 0
    if selection.is_ranked:
        rows = queries.worst_first(filters, limit=MOST_RANKED)
        unshown = queries.count(filters) - len(rows) if len(rows) == MOST_RANKED else 0
    else:
        page = queries.page(filters, after=selection.after)
        rows, following = page.items, page.next
    resolved = []
    if selection.view == "active":
        recent = Selection(**{**vars(selection), "view": "resolved"}).filters(
            current_user.id, current_user.timezone
        )
        resolved = [*queries.page(recent, limit=RECENTLY_RESOLVED).items]
    ids = [incident.id for incident in (*rows, *resolved)]
    intake = alerts.summarize(now(), current_app.config["SETTINGS"])
    counts = overview.count(current_user.id, is_deaf=intake.is_deaf)
    return live_page(
        "incidents/index.html",
        "incidents/_board.html",
        heading=counts.headline,
        favicon=counts.favicon,
        counts=counts,
        selection=selection,
        rows=rows,
        unshown=unshown,
        several=_several(rows),
        groups=_grouped(rows, selection.group),
        strip=strip.draw(numbers.per_hour(strip.begins_at(now())), now(), zone()),
        resolved=resolved,
        next_url=selection.url(after=following) if following else None,
        last_events=overview.last_events(ids),
        runs=overview.last_runs(ids),
        decisions=overview.last_decisions(ids),
        paging=paging.sentences(rows, zone()),
        now=now(),
        may_change=may_change(),
        bulk=forms.BulkForm.offered() if may_change() else None,
        views=saved_views.of(current_user.id),
        view_form=forms.ViewForm(formdata=None, query=request.query_string.decode("utf-8", "replace")),
        intake=intake,
        how=status.summarize(automation.heartbeats(), now(), is_paused=automation.is_paused()),
    )


def _several(rows: Iterable[Incident]) -> list[tuple[str, int]]:
    """Return alerts that have several of these incidents, and how many; most first."""
    counted = Counter(incident.alertname for incident in rows if incident.alertname)
    return [(name, count) for name, count in counted.most_common(MOST_GROUPS) if count > 1]


def _grouped(rows: Iterable[Incident], group: str) -> dict[str, list[Incident]]:
    """Return the incidents by what the reader groups them by, the group with the worst one first."""
    names: dict[str, Callable[[Incident], str | None]] = {
        "service": lambda incident: incident.service,
        "alert": lambda incident: incident.alertname,
        "owner": lambda incident: incident.owner.name if incident.owner else None,
    }
    found: dict[str, list[Incident]] = defaultdict(list)
    for incident in rows if group else ():
        found[names[group](incident) or f"No {group}"].append(incident)
    return found
