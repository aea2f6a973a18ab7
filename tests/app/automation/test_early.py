"""Reports that came before the incidents of their episodes, many at a time."""

from typing import Any

import pytest
from sqlalchemy import select

from app.automation import service
from app.config import Settings
from app.extensions import db
from app.incidents import queries
from app.records.automation import Decision
from app.records.incidents import EventKind, Incident
from contract.reports import DecisionReport
from tests.app.automation.test_reports import decision
from tests.app.journal import event, statements_of, take

pytestmark = pytest.mark.usefixtures("context")


def alert(number: int) -> dict[str, Any]:
    return event(seq=number, episode=f"episode-{number}", fingerprint=f"{number:016x}")


def decided(number: int, seq: int | None = None) -> None:
    report = decision(id=f"decision-{number}", episode=f"episode-{number}", seq=seq or number)
    assert service.take_decision(DecisionReport.model_validate(report))


def test_many_decisions_that_were_early_cost_as_many_statements_as_few(settings: Settings) -> None:
    take(settings, *map(alert, range(1, 41)))

    def returning(numbers: range) -> int:
        for number in numbers:
            decided(number + 100)
        again = [alert(number) | {"seq": number + 100, "id": f"again-{number}"} for number in numbers]
        return statements_of(settings, *(row | {"episode": f"episode-{row['seq']}"} for row in again))

    assert returning(range(1, 4)) == returning(range(4, 41))


def test_each_decision_lands_on_its_own_incident_after_the_alert_that_it_is_about(settings: Settings) -> None:
    for number in range(1, 6):
        decided(number, seq=number + 100)
    take(settings, *map(alert, range(1, 6)))
    for incident in db.session.scalars(select(Incident)):
        (known,) = db.session.scalars(select(Decision).where(Decision.incident_id == incident.id))
        assert known.episode == incident.episode
        kinds = [entry.kind for entry in queries.timeline(incident.id)]
        assert kinds == [EventKind.OPENED, EventKind.DECISION]
