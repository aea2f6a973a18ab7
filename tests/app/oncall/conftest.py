"""People, and a schedule of two who take turns each week."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from app.database import transaction
from app.extensions import db
from app.records.accounts import Role, User
from app.records.oncall import Layer, Schedule
from tests.app.conftest import make_user

MONDAY = datetime(2026, 11, 30, 8, tzinfo=UTC)


@pytest.fixture
def database_url(any_database_url: str) -> str:
    """What is stored and read again is about the database."""
    return any_database_url


@pytest.fixture
def people(context: None) -> dict[str, User]:
    return {name: make_user(name, Role.RESPONDER) for name in ("Ada", "Grace", "Linus")}


@pytest.fixture
def weekly(people: dict[str, User]) -> Callable[..., Schedule]:
    """Ada's week begins on a Monday, then it is Grace's."""

    def make(**values: Any) -> Schedule:
        with transaction():
            schedule = Schedule(name="Shop", zone="Europe/Berlin", created_by="You")
            db.session.add(schedule)
            db.session.flush()
            given = {
                "key": 1,
                "name": "Weekly",
                "rank": 0,
                "zone": "Europe/Berlin",
                "unit": "weeks",
                "every": 1,
                "handover": 9 * 60,
                "weekday": 0,
                "turns": [[people["Ada"].id], [people["Grace"].id]],
                "restrictions": [],
                "starts_at": MONDAY,
                "created_by": "You",
            }
            db.session.add(Layer(schedule_id=schedule.id, **(given | values)))
        return schedule

    return make
