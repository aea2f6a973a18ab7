"""The clock of an outage."""

import pytest

from app.alerts import outage
from tests.app.alerts.outages import Steady


@pytest.fixture
def steady(monkeypatch: pytest.MonkeyPatch) -> Steady:
    clock = Steady()
    monkeypatch.setattr(outage, "time", clock)
    return clock
