"""What waits is looked at again when something changed or may go on, and costs nothing meanwhile."""

from math import inf

import pytest

from automation.clock import Anchor
from automation.follow.looks import ASK_AGAIN, LOOK_ANYWAY, Looks, Waiting
from automation.ledger import reports
from automation.ledger.database import save_anchor
from tests.automation.engine_bench import Bench
from tests.automation.test_property import FakeClock


class Watched:
    """Looks whose cost a test sets, at what waits as a test says."""

    def __init__(self, monkeypatch):
        self.clock, self.waiting, self.cost, self.taken, self._used = FakeClock(), Waiting(), 0.0, 0, 0.0
        self._looks = Looks()
        monkeypatch.setattr("automation.follow.looks.time.thread_time", lambda: self._used)

    def take(self, state="same"):
        """Say whether the deciding was done."""
        before = self.taken
        self._looks.take(state, self.clock, self._decide)
        return self.taken > before

    def _decide(self):
        self.taken += 1
        self._used += self.cost
        return self.waiting


@pytest.fixture
def watched(monkeypatch):
    return Watched(monkeypatch)


def test_nothing_new_is_not_looked_at_until_the_time_of_the_first(watched):
    watched.waiting = Waiting(until=watched.clock.now + 30)
    assert watched.take()
    assert not watched.take()
    watched.clock.now += 29
    assert not watched.take()
    watched.clock.now += 1
    assert watched.take()


def test_news_are_looked_at_at_once(watched):
    assert [watched.take("a"), watched.take("b"), watched.take("b"), watched.take("a")] == [
        True,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(("is_for_others", "pause"), [(True, ASK_AGAIN), (False, LOOK_ANYWAY)])
def test_owners_are_asked_again_soon_and_everything_now_and_then(watched, is_for_others, pause):
    watched.waiting = Waiting(inf, is_for_others)
    assert watched.take()
    watched.clock.now += pause - 0.1
    assert not watched.take()
    watched.clock.now += 0.1
    assert watched.take()


def test_looks_that_take_long_leave_most_of_the_time_to_the_rest(watched):
    watched.cost, watched.waiting = 3.0, Waiting(inf, is_for_others=True)
    assert watched.take("a")
    watched.clock.now += 14.9
    assert not watched.take("b")
    watched.clock.now += 0.1
    assert watched.take("b")
    watched.clock.now += 299
    assert not watched.take("b")
    watched.clock.now += 1
    assert watched.take("b")


@pytest.fixture
def bench(tmp_path, app):
    one = Bench(tmp_path, app)
    yield one
    one.ledger.close()


def test_the_ledger_tells_of_what_decisions_rest_on_and_of_nothing_else(bench):
    ledger = bench.ledger
    bench.fire("A")
    version = ledger.version
    assert version > 0
    bench.look()
    assert ledger.version > version, "a decision and a run are news"
    ledger.set_meta("offset", 7)
    version = ledger.version
    bench.engine.decide_all(bench.clock.now)
    save_anchor(ledger, Anchor("boot", 1.0, 2.0, 3.0))
    (report, *_) = reports.due(ledger, bench.clock.now)
    reports.retry_at(ledger, report, bench.clock.now)
    reports.delivered(ledger, report)
    ledger.set_meta("offset", 7)
    assert ledger.version == version


def test_what_the_deferred_wait_for_is_told(bench):
    bench.fire("A")
    bench.fire("B")
    assert bench.engine.decide_all(bench.clock.now) == Waiting(), (
        "B waits for a run of A, which the ledger tells"
    )
    assert bench.decision("B") == ("deferred", "global_budget")
    bench.muted = "silenced"
    bench.fire("C")
    bench.engine.decide_all(bench.clock.now)
    bench.fire("Asked")
    assert bench.engine.decide_all(bench.clock.now).is_for_others
