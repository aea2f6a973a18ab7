"""What is told to the app at intervals."""

import json
import threading
from types import SimpleNamespace

import pytest

from automation import report
from automation.clock import SystemClock
from automation.ledger import reports
from automation.ledger.database import open_ledger
from tests.automation.test_fit import RUN, task


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


class App:
    """An app that takes no report longer than so many characters."""

    def __init__(self, longest, status):
        self.longest, self.status, self.taken = longest, status, []

    def post(self, _path, body):
        if len(body) > self.longest:
            return SimpleNamespace(status_code=self.status, text="no")
        self.taken.append(json.loads(body))
        return SimpleNamespace(status_code=201, text="")


@pytest.mark.parametrize("status", [400, 413, 422])
@pytest.mark.parametrize("longest", [100_000, 20_000, 2_000])
def test_a_report_that_the_app_refuses_arrives_in_a_smaller_form(tmp_path, longest, status):
    tasks = [task(number, message="m" * 1_000) for number in range(1, 401)]
    document = {**RUN, "tasks": tasks, "task_counts": {"ok": 400}, "output_tail": "o" * 50_000}
    ledger, app = open_ledger(tmp_path), App(longest, status)
    reports.spool(ledger, reports.RUNS, "run-1", document, 3)
    report.Reporter(app, ledger, SystemClock(None)).send_due()
    (told,) = app.taken
    assert (told["state"], told["verification"], told["finished_at"]) == (
        "succeeded",
        "verified",
        RUN["finished_at"],
    )
    assert reports.counts(ledger) == (0, 0)
    ledger.close()


def test_a_report_that_is_refused_in_every_form_is_set_aside(tmp_path):
    ledger, app = open_ledger(tmp_path), App(0, 422)
    reports.spool(ledger, reports.RUNS, "run-1", RUN, 3)
    report.Reporter(app, ledger, SystemClock(None)).send_due()
    assert reports.counts(ledger) == (0, 1)
    ledger.close()
