"""An engine, its ledger and a clock that a test moves, one look at a time."""

import time
from datetime import timedelta

from automation.answers import NoAnswerError
from automation.events.schemas import Event
from automation.follow.engine import Engine
from automation.follow.outside import Outside
from automation.follow.predecessors import Predecessors
from automation.ledger import runs
from automation.ledger.database import open_ledger
from automation.ledger.episodes import take_in
from automation.policy.contents import read_contents
from automation.policy.schemas import Policy
from automation.report import App
from automation.workload import Workload
from tests.automation.doubles import APP_TOKEN, make_event
from tests.automation.test_property import FakeClock


def remedy(name, **more):
    return {
        "alert": name,
        "playbook": "repair.yml",
        "target": {"kind": "Deployment", "namespace": "shop", "name": name.lower()},
        "cooldown": "5m",
        "max_attempts": 2,
    } | more


OWNED = {"owner_of": "pod", "namespaces": ["shop"]}


class Bench:
    """A ledger, a clock that a test moves, and an engine whose policy lets one run at a time."""

    def __init__(self, folder, app):
        asked = remedy("Asked", mode="approve")
        quick = remedy("Quick", cooldown="1s", verify={"within": "5m"})
        chain = remedy("Chain", steps=["repair.yml", "again.yml"], approve_from=2, cooldown="1s")
        del chain["playbook"]
        policy = {
            "limits": {"concurrent_runs": 1, "breaker": {"targets": 3, "within": "10m"}},
            "remedies": [
                asked,
                quick,
                *(remedy(name) for name in "ABC"),
                remedy("Pods", target=OWNED),
                chain,
            ],
        }
        self.playbooks = folder / "playbooks"
        (self.playbooks / "tasks").mkdir(parents=True)
        self.ledger, self.clock, self._seq = open_ledger(folder), FakeClock(), 0
        self.muted, self.unfinished, self.coming_up = None, None, None
        self.consent, self.owner, self.asked, self.is_away = Workload(), None, [], True
        self.engine = Engine(
            Policy.model_validate(policy),
            self.ledger,
            self.clock,
            lambda: None,
            lambda: read_contents(self.playbooks, self.playbooks / "policy.yml").digest,
            outside=Outside(lambda _: self.muted, self, self),
        )
        app.clock_ahead = self.clock.wall().timestamp() - time.time()
        self.predecessors = Predecessors(App(app.url, APP_TOKEN), self.ledger, self.clock)

    def problem(self, _target):
        return self.unfinished

    def progress(self, _target):
        return self.coming_up

    def workload(self, _target):
        return self.consent

    def find(self, named):
        self.asked.append(named.path)
        if self.owner is None:
            raise NoAnswerError("the cluster does not answer", is_away=self.is_away)
        return self.owner(named)

    def fire(self, alertname, status="firing", *, episode=None, **labels):
        self._seq += 1
        name = episode or alertname
        event = make_event(self._seq, alertname, status, name, f"e-{name}", labels)
        take_in(self.ledger, [Event.model_validate(event)], self.clock.now)

    def look(self):
        """Decide; return what is queued now."""
        self.engine.decide_all(self.clock.now)
        return runs.in_state(self.ledger, "queued")

    def wait(self, seconds):
        self.clock.now += seconds
        self.clock.day += timedelta(seconds=seconds)

    def decision(self, alertname):
        query = "SELECT decision, reason FROM decisions WHERE episode = ? AND current = 1"
        (row,) = self.ledger.rows(query, f"e-{alertname}")
        return row["decision"], row["reason"]

    def verdict(self, run):
        """Settle with a journal read to its end just now; return the run's verification."""
        self.engine.verdicts.settle(self.clock.now)
        return runs.get_run(self.ledger, run.id).verification
