"""Reports reach the app in order, many at once, whatever it says to one of them."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automation.bulk import BULK, answers, pack
from automation.ledger import reports
from automation.ledger.database import open_ledger
from automation.report import AppError
from automation.reporter import Reporter
from contract import limits
from tests.automation.test_fit import RUN, task

DECISION = {"id": "d", "episode": "episode-1", "alertname": "Broken", "detail": "so"}


class App:
    """An app that takes no report longer than so many characters, and says to others what a test tells it."""

    def __init__(self, longest=limits.BODY_BYTES, status=422, most=limits.REPORTS, *, is_old=False):
        self.longest, self.status, self.most, self.is_old = longest, status, most, is_old
        self.says, self.taken, self.requests = {}, [], []
        self.is_away, self.loses_answers = False, 0

    def post(self, path, body):
        if self.is_away:
            raise AppError("away")
        self.requests.append(path)
        if path != BULK:
            return self._answer(self._take(json.loads(body)))
        if self.is_old:
            return self._answer(404)
        items = json.loads(body)["reports"]
        assert len(items) <= limits.REPORTS
        assert len(body.encode()) <= limits.BODY_BYTES
        told = [{"status": self._take(item["report"])} for item in items[: self.most]]
        if self.loses_answers:
            self.loses_answers -= 1
            raise AppError("reset")
        return self._answer(200, {"answers": told})

    def _take(self, report):
        if len(json.dumps(report, ensure_ascii=False)) > self.longest:
            return self.status
        if report["id"] in self.says:
            return self.says[report["id"]]
        is_new = report not in self.taken
        if is_new:
            self.taken.append(report)
        return 201 if is_new else 200

    def _answer(self, status, document=None):
        content = json.dumps(document or {}).encode()
        return SimpleNamespace(status_code=status, text="no", content=content)


@pytest.fixture
def ledger(tmp_path):
    ledger = open_ledger(tmp_path)
    yield ledger
    ledger.close()


def spool(ledger, count, first=0):
    for number in range(first, first + count):
        name = f"decision-{number}"
        reports.spool(ledger, reports.DECISIONS, name, {**DECISION, "id": name})


def told(app):
    return [report["id"] for report in app.taken]


def names(count, first=0):
    return [f"decision-{number}" for number in range(first, first + count)]


def send_until_settled(clock, reporter, ledger, left=0):
    """Let hours pass in which the app answers the heartbeat."""
    for _ in range(30):
        clock.seconds += 30
        reporter.resume()
        reporter.send_due()
        if reports.counts(ledger)[0] == left:
            return
    raise AssertionError(reports.counts(ledger))


class Clock:
    seconds = 0.0

    def steady(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


def test_what_waits_goes_out_in_its_order_in_one_request_after_the_other(ledger, clock):
    app = App()
    spool(ledger, 250)
    Reporter(app, ledger, clock).send_due()
    assert told(app) == names(250)
    assert app.requests == [BULK] * 3
    assert reports.counts(ledger) == (0, 0)


def test_what_the_app_had_no_time_for_is_sent_again(ledger, clock):
    app = App(most=7)
    spool(ledger, 60)
    Reporter(app, ledger, clock).send_due()
    assert told(app) == names(60)
    assert reports.counts(ledger) == (0, 0)


def test_a_batch_keeps_to_the_bytes_that_a_request_may_have(ledger, clock):
    app = App()
    for number in range(60):
        document = {**RUN, "id": f"run-{number}", "output_tail": "ö" * 25_000}
        reports.spool(ledger, reports.RUNS, document["id"], document)
    Reporter(app, ledger, clock).send_due()
    assert told(app) == [f"run-{number}" for number in range(60)]


@pytest.mark.parametrize("is_old", [False, True])
def test_a_report_that_is_refused_or_meets_a_defect_holds_up_no_other(ledger, clock, is_old):
    app = App(is_old=is_old)
    app.says = {"decision-1": 422, "decision-2": 500}
    spool(ledger, 5)
    reporter = Reporter(app, ledger, clock)
    send_until_settled(clock, reporter, ledger, left=1)
    assert sorted(told(app)) == ["decision-0", "decision-3", "decision-4"]
    assert reports.counts(ledger) == (1, 1)
    app.says = {}
    send_until_settled(clock, reporter, ledger)
    assert "decision-2" in told(app)


def test_a_lost_answer_makes_nothing_twice(ledger, clock):
    app = App()
    app.loses_answers = 3
    spool(ledger, 20)
    reporter = Reporter(app, ledger, clock)
    send_until_settled(clock, reporter, ledger)
    assert told(app) == names(20)


def test_the_order_outlasts_an_app_that_was_away(ledger, clock):
    app = App()
    app.is_away = True
    reporter = Reporter(app, ledger, clock)
    spool(ledger, 10)
    for _ in range(20):
        clock.seconds += 60
        reporter.send_due()
    spool(ledger, 10, first=10)
    app.is_away = False
    reporter.send_due()
    assert told(app) == [], "it waits"
    reporter.resume()
    reporter.send_due()
    assert told(app) == names(20)


def test_a_report_that_makes_every_request_fail_lets_the_others_pass(ledger, clock):
    class Poisoned(App):
        def post(self, path, body):
            if '"decision-7"' in body:
                raise AppError("reset")
            return super().post(path, body)

    app = Poisoned()
    spool(ledger, 20)
    send_until_settled(clock, Reporter(app, ledger, clock), ledger, left=1)
    assert sorted(told(app)) == sorted(set(names(20)) - {"decision-7"})


@pytest.mark.parametrize("status", [400, 413, 422])
@pytest.mark.parametrize("longest", [100_000, 20_000, 2_000])
@pytest.mark.parametrize("others", [0, 3])
def test_a_report_that_the_app_refuses_arrives_in_a_smaller_form(ledger, clock, longest, status, others):
    tasks = [task(number, message="m" * 1_000) for number in range(1, 401)]
    document = {**RUN, "tasks": tasks, "task_counts": {"ok": 400}, "output_tail": "o" * 50_000}
    app = App(longest, status)
    spool(ledger, others)
    reports.spool(ledger, reports.RUNS, "run-1", document, 3)
    Reporter(app, ledger, clock).send_due()
    *before, told = app.taken
    assert [report["id"] for report in before] == names(others)
    assert (told["state"], told["verification"], told["finished_at"]) == (
        "succeeded",
        "verified",
        RUN["finished_at"],
    )
    assert reports.counts(ledger) == (0, 0)


def test_a_report_that_is_refused_in_every_form_is_set_aside(ledger, clock):
    reports.spool(ledger, reports.RUNS, "run-1", RUN, 3)
    Reporter(App(longest=0), ledger, clock).send_due()
    assert reports.counts(ledger) == (0, 1)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["answers", "status", "detail", "errors"]), inner, max_size=3)
        ),
        max_leaves=8,
    ).map(json.dumps)
)
def test_whatever_is_answered_is_read_as_answers_or_as_none(said):
    assert all(100 <= answer.status <= 599 for answer in answers(said))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=2_000), min_size=1, max_size=20), st.integers(1, 100))
def test_a_batch_is_the_first_of_what_waits_as_json(texts, most):
    waiting = [
        reports.Report(
            number, reports.DECISIONS, f"{number}", 1, json.dumps({"id": f"{number}", "detail": text}), 0
        )
        for number, text in enumerate(texts)
    ]
    batch = pack(waiting, most)
    assert list(batch.reports) == waiting[: len(batch.reports)]
    sent = [item["report"]["id"] for item in json.loads(batch.body)["reports"]]
    assert sent == [report.subject for report in batch.reports]
    assert len(sent) == min(most, len(waiting))
