"""What is told to the app at intervals."""

import threading

import pytest

from automation import report


@pytest.mark.parametrize("failure", [False, ValueError("not now")])
def test_what_the_app_did_not_take_is_told_again_before_the_next_interval(monkeypatch, failure):
    monkeypatch.setattr(report, "RETRY_SECONDS", 0.01)
    stop, outcomes = threading.Event(), iter([failure, failure, True])

    def tell():
        outcome = next(outcomes)
        if outcome is True:
            stop.set()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    report.repeat(stop, 3600, tell)
    assert next(outcomes, None) is None
