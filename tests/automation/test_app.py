"""The real app takes the reports as automation writes them."""

import os
import socket
import urllib.request

import pytest

from automation.clock import SystemClock
from automation.follow.predecessors import Predecessors
from automation.ledger.database import open_ledger
from automation.report import App
from tests.automation.conftest import ROOT
from tests.automation.doubles import APP_TOKEN
from tests.processes import Process, run


@pytest.fixture
def real_app(tmp_path, eventually):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "OIMS_DATABASE_URL": f"sqlite:///{tmp_path / 'site.db'}",
        "OIMS_SECRET_KEY": "a-secret-key-of-the-tests-0123456789abcdef",
        "OIMS_BIND": f"127.0.0.1:{port}",
        "OIMS_BASE_URL": url,
        "OIMS_ADMIN_EMAIL": "ann@example.com",
        "OIMS_ADMIN_PASSWORD": "correct horse battery staple",
        "OIMS_AUTOMATION_TOKEN": APP_TOKEN,
    }
    made = run("app", "migrate", env=env, cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    with (tmp_path / "app.log").open("w") as log:
        process = Process("app", "web", env=env, cwd=tmp_path, stdout=log, stderr=log)
    eventually(lambda: _is_up(url))
    yield url
    process.terminate()
    process.wait(30)


def _is_up(url):
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:  # noqa: S310 - http
            return answer.status == 200
    except OSError:
        return False


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
    repaired = open_ledger(tmp_path / "state").rows("SELECT target, 'still_firing' FROM runs")
    successor = open_ledger(tmp_path)
    Predecessors(App(real_app, APP_TOKEN), successor, SystemClock(None)).learn()
    inherited = successor.rows("SELECT target, verification FROM inherited_runs")
    assert [tuple(row) for row in inherited] == [tuple(row) for row in repaired]
    shown = command("status").stdout
    assert "reports waiting     0" in shown, done.stderr
    assert "reports refused     0" in shown, done.stderr
