"""Taking many reports in one transaction: all together, or, where one is odd, each on its own.

So an odd one spoils no other, and the others share what they look up and their statements.
"""

import time
from collections.abc import Callable, Sequence

from sqlalchemy.exc import IntegrityError, OperationalError

from app.automation import service
from app.database import HELD_S, reading_once, transaction
from app.errors import OimsError, explained
from app.extensions import db
from app.incidents import queries
from app.records import cursor, rows, timeline
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
    readable = [report for report in reports if not isinstance(report, OimsError)]
    with transaction():
        ends = time.monotonic() + HELD_S
        incidents = _lock({report.episode for report in readable})
        locked = timeline.lock_all(set(incidents.values()))
        try:
            with db.session.begin_nested(), reading_once(), rows.gathering():
                timeline.hold(locked)
                service.learn(readable, incidents)
                return _each(reports, _store, ends)
        except OperationalError:
            raise
        except Exception:  # noqa: BLE001 - it comes again below, where it is explained
            return _each(reports, _take_alone, ends)


def _each(
    reports: Sequence[Report | OimsError], store: Callable[[Report], Outcome], ends: float
) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for report in reports:
        outcomes.append(report if isinstance(report, OimsError) else store(report))
        if len(outcomes) >= LEAST and time.monotonic() >= ends:
            break
    return outcomes


def _lock(episodes: set[str]) -> dict[str, int]:
    """Return the incident of each episode that has one; lock the cursor if one has none.

    The intake of alerts locks the cursor first, too, and then the incidents.
    """
    found = queries.of_episodes(episodes)
    if len(found) < len(episodes):
        cursor.lock()
        found = queries.of_episodes(episodes)
    return found


def _take_alone(report: Report) -> Outcome:
    try:
        with db.session.begin_nested():
            return _store(report)
    except IntegrityError:
        pass  # another request stored the same a moment ago: now it is known
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - it is logged, and the others go on
        return explained(error)
    try:
        with db.session.begin_nested():
            return _store(report)
    except IntegrityError as error:
        return explained(error)


def _store(report: Report) -> bool:
    if isinstance(report, DecisionReport):
        return service.take_decision(report)
    return service.take_run(report)
