"""Whatever happens in whatever order: the ledger and the decider keep their promises."""

import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from automation.events.schemas import Event
from automation.follow.engine import Engine
from automation.ledger import runs
from automation.ledger.database import open_ledger
from automation.ledger.episodes import offset, take_in
from automation.policy.schemas import Policy
from contract.runs import RunState
from tests.automation.doubles import make_event

ALERTS = {"WebDown": "web", "WebSlow": "web", "ApiDown": "api", "DbDown": "db"}
PER_HOUR, TOTAL, CONCURRENT, ATTEMPTS, COOLDOWN = 3, 5, 2, 2, 60
POLICY = Policy.model_validate(
    {
        "limits": {"concurrent_runs": CONCURRENT, "runs_per_hour": TOTAL, "targets_per_hour": 2},
        "remedies": [
            {
                "alert": alert,
                "playbook": "repair.yml",
                "target": {"kind": "Deployment", "namespace": "shop", "name": name},
                "cooldown": "1m",
                "max_runs_per_hour": PER_HOUR,
                "max_attempts": ATTEMPTS,
                "verify": {"within": "5m", "hold": "10s"},
                "flapping": {"episodes": 8, "within": "1h"},
            }
            for alert, name in ALERTS.items()
        ],
    }
)


class FakeClock:
    """Time that a test moves; the time of day also steps."""

    def __init__(self):
        self.now, self.day = 1000.0, datetime(2026, 11, 23, tzinfo=UTC)

    def wall(self):
        return self.day

    def steady(self):
        return self.now


class Automation(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        self.clock, self.paused = FakeClock(), None
        self.seq, self.open, self.sent, self.started = 0, {}, [], []
        self.restart()

    @rule()
    def restart(self):
        if hasattr(self, "ledger"):
            self.ledger.close()
        self.ledger = open_ledger(Path(self.folder.name))
        self.engine = Engine(POLICY, self.ledger, self.clock, lambda: self.paused, lambda: "")
        for run in runs.in_state(self.ledger, "running"):
            runs.finish(self.ledger, run.id, "interrupted", self.clock)

    @rule(alert=st.sampled_from([*ALERTS, "Unknown"]), firing=st.booleans())
    def event(self, alert, firing):
        if not firing and alert not in self.open:
            return
        self.seq += 1
        episode = self.open.setdefault(alert, f"e{self.seq}")
        if not firing:
            del self.open[alert]
        status = "firing" if firing else "resolved"
        self.sent.append(Event.model_validate(make_event(self.seq, alert, status, alert, episode)))
        take_in(self.ledger, self.sent[-1:], self.clock.now, self.seq)

    @rule(data=st.data())
    def repeat_an_old_event(self, data):
        if self.sent:
            old = data.draw(st.sampled_from(self.sent))
            assert take_in(self.ledger, [old], self.clock.now) == 0

    @rule(seconds=st.integers(0, 1200))
    def wait(self, seconds):
        self.clock.now += seconds
        self.clock.day += timedelta(seconds=seconds)

    @rule(hours=st.integers(-5, 5))
    def step_the_time_of_day(self, hours):
        self.clock.day += timedelta(hours=hours)

    @rule(paused=st.sampled_from([None, "by ann"]))
    def pause(self, paused):
        self.paused = paused

    @rule()
    def step(self):
        self.engine.verdicts.settle(self.clock.now)
        self.engine.decide_all(self.clock.now)
        queued = runs.in_state(self.ledger, "queued") if self.paused is None else []
        for run in queued:
            runs.change(self.ledger, run.id, state=RunState.RUNNING)
            self.started.append((run.target, self.clock.now))

    @rule(data=st.data(), state=st.sampled_from(["succeeded", "failed", "timed_out"]))
    def finish(self, data, state):
        running = runs.in_state(self.ledger, "running")
        if running:
            runs.finish(self.ledger, data.draw(st.sampled_from(running)).id, state, self.clock)

    @invariant()
    def no_target_has_two_runs_at_once(self):
        at_work = [run.target for run in runs.in_state(self.ledger, "running")]
        at_work += [run.target for run in runs.in_state(self.ledger, "queued")]
        assert len(at_work) == len(set(at_work)) <= CONCURRENT
        assert set(at_work) == {row["target"] for row in self.ledger.rows("SELECT target FROM locks")}

    @invariant()
    def no_budget_is_exceeded(self):
        for _, start in self.started:
            window = [target for target, at in self.started if start <= at < start + 3600]
            assert len(window) <= TOTAL
            assert max(Counter(window).values()) <= PER_HOUR
            assert len(set(window)) <= 2

    @invariant()
    def no_episode_has_more_attempts_than_allowed(self):
        rows = self.ledger.rows("SELECT episode, COUNT(*) AS n FROM runs GROUP BY episode")
        assert all(row["n"] <= ATTEMPTS for row in rows)

    @invariant()
    def each_event_took_effect_and_the_offset_is_kept(self):
        assert offset(self.ledger) == self.seq
        firing = {row["id"] for row in self.ledger.rows("SELECT id FROM episodes WHERE status = 'firing'")}
        assert firing == set(self.open.values())

    @rule()
    def each_episode_has_one_current_decision_after_a_step(self):
        self.step()
        rows = self.ledger.rows(
            "SELECT e.id, COUNT(d.id) AS n FROM episodes e LEFT JOIN decisions d"
            " ON d.episode = e.id AND d.current = 1 GROUP BY e.id"
        )
        assert all(row["n"] == 1 for row in rows)

    @rule()
    def each_decision_and_run_waits_for_the_app_once(self):
        reports = self.ledger.rows("SELECT path, subject FROM reports")
        made = self.ledger.rows("SELECT id FROM decisions UNION ALL SELECT id FROM runs")
        assert sorted(row["subject"] for row in reports) == sorted(row["id"] for row in made)

    def teardown(self):
        if hasattr(self, "ledger"):
            self.ledger.close()
            self.folder.cleanup()


TestAutomation = Automation.TestCase
TestAutomation.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
