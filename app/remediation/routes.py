"""Pages of the automation: how it stands, its remedies, and each run."""

from collections import defaultdict
from collections.abc import Iterable

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.clock import now
from app.pages import live_page
from app.remediation import queries, standing
from app.remediation.models import Run

LAST_VERDICTS = 10
RUNS_READ = 200
RUNS_SHOWN = 20

bp = Blueprint("remediation", __name__)


@bp.get("/automation")
def automation() -> ResponseReturnValue:
    """Show whether the automation is armed, what it may do, and what it did lately."""
    heartbeats = queries.heartbeats()
    runs = queries.recent_runs(RUNS_READ)
    how = standing.tell(heartbeats, now(), is_paused=queries.is_paused())
    return live_page(
        "remediation/automation.html",
        "remediation/_automation.html",
        heading=how.headline,
        favicon="calm" if how.kind == "robot" else "held",
        how=how,
        heartbeat=heartbeats[0] if heartbeats else None,
        verdicts=_by_remedy(runs),
        runs=runs[:RUNS_SHOWN],
        decisions=queries.recent_decisions(RUNS_SHOWN),
    )


@bp.get("/runs/<run_id>")
def run(run_id: str) -> ResponseReturnValue:
    """Show one playbook run: target, verdict, tasks, output, and how to do it by hand."""
    return render_template("remediation/run.html", run=queries.run(run_id))


def _by_remedy(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Return the newest runs of each remedy, oldest first as they are drawn from left to right."""
    grouped: dict[str, list[Run]] = defaultdict(list)
    for one in runs:
        if len(grouped[one.remedy]) < LAST_VERDICTS:
            grouped[one.remedy].insert(0, one)
    return dict(grouped)
