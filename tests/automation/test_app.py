"""The real app takes the reports as automation writes them."""

from contextlib import closing

import pytest

from automation.clock import SystemClock
from automation.follow.predecessors import Predecessors
from automation.ledger.database import open_ledger
from automation.report import App
from tests.app.server import running
from tests.automation.doubles import APP_TOKEN


@pytest.fixture
def real_app(tmp_path):
    with running(tmp_path, OIMS_AUTOMATION_TOKEN=APP_TOKEN) as server:
        yield server.url


def test_it_takes_every_report_and_tells_a_successor(
    journal, real_app, automation, command, playbooks, tmp_path
):
    """A repair without effect and its escalation, refusals, an alert without a name: nothing is refused."""
    policy = (playbooks / "policy.yml").read_text()
    policy = policy.replace("within: 1m", "within: 1s").replace("max_attempts: 2", "max_attempts: 1")
    (playbooks / "policy.yml").write_text(policy)
    journal.add("Broken")
    journal.add("Unknown")
    journal.add("", labels={"alertname": ""})
    journal.add("Gone")
    journal.add("Gone", "resolved")
    done = automation("follow", "--once", OIMS_APP_URL=real_app, OIMS_STOP_GRACE="0")
    assert done.returncode == 0, done.stderr
    with closing(open_ledger(tmp_path / "state")) as ledger:
        repaired = ledger.rows("SELECT target, 'still_firing' FROM runs")
    with closing(open_ledger(tmp_path)) as successor:
        Predecessors(App(real_app, APP_TOKEN), successor, SystemClock(None)).learn()
        inherited = successor.rows("SELECT target, verification FROM inherited_runs")
    assert [tuple(row) for row in inherited] == [tuple(row) for row in repaired]
    shown = command("status").stdout
    assert "reports waiting     0" in shown, done.stderr
    assert "reports refused     0" in shown, done.stderr
