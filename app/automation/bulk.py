"""Taking many reports in one transaction: each on its own, so that an odd one spoils no other."""

import time
from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError, OperationalError

from app.automation import service
from app.database import HELD_S, transaction
from app.errors import OimsError, explained
from app.extensions import db
from app.incidents import queries
from app.records import cursor, timeline
from contract.reports import DecisionReport, RunReport

LEAST = 10
"""So many are taken however long it lasts: each request has its fixed costs."""

type Report = DecisionReport | RunReport
type Outcome = bool | OimsError
"""Whether a report was new, or why it was not taken."""


def take(reports: Sequence[Report | OimsError]) -> list[Outcome]:
    """Store reports in their order; return what became of each, as far as HELD_S allowed, at least of LEAST.

    An error among them stands for a report that could not be read, and is its outcome. None of those after
    the last outcome was looked at.

    Raises:
        OperationalError: the database is away; nothing was stored.

    """
    outcomes: list[Outcome] = []
    with transaction():
        ends = time.monotonic() + HELD_S
        _lock({report.episode for report in reports if not isinstance(report, OimsError)})
        for report in reports:
            outcomes.append(report if isinstance(report, OimsError) else _take(report))
            if len(outcomes) >= LEAST and time.monotonic() >= ends:
                break
    return outcomes


def _lock(episodes: set[str]) -> None:
    """Lock the incidents of the episodes, in the order in which the intake of alerts does.

    That is the cursor first, which is needed where an incident does not exist yet.
    """
    found = queries.of_episodes(episodes)
    if len(found) < len(episodes):
        cursor.lock()
        found = queries.of_episodes(episodes)
    timeline.lock_all(set(found.values()))


def _take(report: Report) -> Outcome:
    try:
        return _store(report)
    except IntegrityError:
        pass  # another request stored the same a moment ago: now it is known
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - it is logged, and the others go on
        return explained(error)
    try:
        return _store(report)
    except IntegrityError as error:
        return explained(error)


def _store(report: Report) -> bool:
    with db.session.begin_nested():
        if isinstance(report, DecisionReport):
            return service.take_decision(report)
        return service.take_run(report)
