"""The numbers of the metrics, for programs that are no Prometheus."""

from app.accounts.models import Scope
from app.api.operations import operation
from app.api.schemas.stats import DecisionCount, IncidentCount, RunCount, Stats, VerdictCount
from app.ops import figures


@operation("GET", "/stats", scope=Scope.READ, answers=Stats)
def show_stats() -> Stats:
    """Count incidents by state and severity, and what the automation did, since the beginning."""
    runs, verdicts, decisions = (rows for _, _, _, rows in figures.remediation())
    return Stats(
        incidents=[
            IncidentCount(state=state, severity=severity, count=count)
            for (state, severity), count in sorted(figures.incidents().items())
        ],
        runs=[RunCount(remedy=remedy, state=state, count=count) for (remedy, state), count in runs],
        verdicts=[
            VerdictCount(remedy=remedy, verdict=word, count=count) for (remedy, word), count in verdicts
        ],
        decisions=[
            DecisionCount(decision=decision, reason=reason, count=count)
            for (decision, reason), count in decisions
        ],
        is_automation_paused=bool(figures.is_paused()),
    )
