"""The real webhook at one end of the pipe, the real follower at the other."""

import json
import os
import signal
import socket
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.automation.conftest import ROOT
from tests.automation.doubles import KEY, READER_TOKEN
from tests.processes import Process

pytestmark = pytest.mark.slow

TOKEN = "writer-token-of-the-tests-0123456789"


class Webhook:
    """A webhook process with a journal that outlives it."""

    def __init__(self, tmp_path):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = (tmp_path / "webhook.log").open("a")
        self._env = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT),
            "OIMS_WEBHOOK_BIND": f"127.0.0.1:{self.port}",
            "OIMS_WEBHOOK_TOKEN": TOKEN,
            "OIMS_WEBHOOK_READER_TOKEN": READER_TOKEN,
            "OIMS_WEBHOOK_JOURNAL": str(tmp_path / "journal.db"),
            "OIMS_EVENT_KEY": KEY,
            "OIMS_HEARTBEAT_INTERVAL": "1s",
        }
        self._cwd = tmp_path
        self.process = None

    def up(self):
        self.process = Process("webhook", env=self._env, cwd=self._cwd, stdout=self._log, stderr=self._log)

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:  # noqa: S310 - http
                return answer.status == 200
        except OSError:
            return False

    def kill(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def close(self):
        self.kill()
        self._log.close()

    def post(self, status="firing", alertname="Broken", **labels):
        alert = {
            "status": status,
            "labels": {"alertname": alertname, **labels},
            "startsAt": "2026-11-23T15:00:00.123456789Z",
            "endsAt": "2026-11-23T15:10:00Z" if status == "resolved" else "0001-01-01T00:00:00Z",
        }
        request = urllib.request.Request(  # noqa: S310 - http
            self.url,
            data=json.dumps({"alerts": [alert]}).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - http
            return json.load(answer)


@pytest.fixture
def webhook(tmp_path, eventually):
    one = Webhook(tmp_path)
    one.up()
    eventually(one.is_ready)
    yield one
    one.close()


def test_two_hundred_deliveries_give_one_run_and_a_verdict(webhook, app, follower, eventually, playbooks):
    follower(OIMS_JOURNAL_URL=webhook.url)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: webhook.post(), range(200)))
    assert sum(answer["accepted"] for answer in answers) == 1
    eventually(lambda: [run["state"] for run in app.runs.values()] == ["succeeded"])
    webhook.post("resolved")
    eventually(lambda: [run["verification"] for run in app.runs.values()] == ["verified"])
    assert len((playbooks.parent / "repaired").read_text().splitlines()) == 1
    assert [d["decision"] for d in app.decisions] == ["run"]


def test_a_killed_webhook_loses_nothing_and_repeats_nothing(webhook, app, follower, eventually, playbooks):
    follower(OIMS_JOURNAL_URL=webhook.url)
    webhook.post()
    webhook.kill()
    webhook.up()
    eventually(webhook.is_ready)
    webhook.post(alertname="Unknown")
    eventually(lambda: len(app.decisions) == 2)
    eventually(lambda: [run["state"] for run in app.runs.values()] == ["succeeded"])
    webhook.post("resolved")
    eventually(lambda: [run["verification"] for run in app.runs.values()] == ["verified"])
    assert len((playbooks.parent / "repaired").read_text().splitlines()) == 1


def test_its_log_lines_are_understood(webhook, follower, eventually, tmp_path):
    one = follower(OIMS_JOURNAL_URL=webhook.url)
    webhook.post()
    log = tmp_path / "webhook.log"
    eventually(lambda: '"kind":"heartbeat"' in log.read_text() and '"kind":"alert"' in log.read_text())
    for line in log.read_text().splitlines():
        one.write(line)
    one.stdin.close()
    assert one.process.wait(60) == 0, one.log
    (ended,) = [json.loads(line) for line in one.log.splitlines() if "standard input ended" in line]
    assert ended["lines_event"] == 1
    assert ended["lines_heartbeat"] >= 1
    assert not {"lines_bad_signature", "lines_unsigned", "lines_bad_event"} & set(ended)
