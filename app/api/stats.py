"""The numbers of the metrics and of the page of numbers, for programs that are no Prometheus."""

from app.api.operations import operation
from app.api.schemas.stats import (
    DecisionCount,
    IncidentCount,
    PeriodOut,
    RunCount,
    Stats,
    StatsQuery,
    VerdictCount,
)
from app.clock import now
from app.numbers import queries as numbers
from app.numbers.periods import Period
from app.ops import figures
from app.records.accounts import Scope


@operation("GET", "/stats", scope=Scope.READ, query=StatsQuery, answers=Stats)
def show_stats(*, query: StatsQuery) -> Stats:
    """Count what there is since the beginning, and tell how a period went: times, and what automation did."""
    runs, verdicts, decisions = (rows for _, _, _, rows in figures.automation())
    period = Period.from_url(query.period, now())
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
        is_automation_paused=figures.is_paused(figures.automation_beat()),
        period=PeriodOut.of(period, numbers.times(numbers.groups(period)), numbers.automation(period)),
    )
