"""The real webhook at one end of the pipe, the real follower at the other."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.automation.doubles import KEY, READER_TOKEN
from tests.webhook.process import alert, message, running

pytestmark = pytest.mark.slow

SECRETS = {"OIMS_WEBHOOK_READER_TOKEN": READER_TOKEN, "OIMS_EVENT_KEY": KEY}


@pytest.fixture
def webhook(tmp_path):
    with running(tmp_path, **SECRETS, OIMS_HEARTBEAT_INTERVAL="1s") as process:
        yield process


def deliver(webhook, status="firing", name="Broken"):
    answer = webhook.post(message(alert(name, status)))
    assert answer.status == 200, answer
    return answer.json


def test_two_hundred_deliveries_give_one_run_and_a_verdict(webhook, app, follower, eventually, playbooks):
    follower(OIMS_JOURNAL_URL=webhook.url)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: deliver(webhook), range(200)))
    assert sum(answer["accepted"] for answer in answers) == 1
    eventually(lambda: [run["state"] for run in app.runs.values()] == ["succeeded"])
    deliver(webhook, "resolved")
    eventually(lambda: [run["verification"] for run in app.runs.values()] == ["verified"])
    assert len((playbooks.parent / "repaired").read_text().splitlines()) == 1
    assert [d["decision"] for d in app.decisions] == ["run"]


def test_a_killed_webhook_loses_nothing_and_repeats_nothing(webhook, app, follower, eventually, playbooks):
    follower(OIMS_JOURNAL_URL=webhook.url)
    deliver(webhook)
    webhook.kill()
    webhook.start()
    deliver(webhook, name="Unknown")
    eventually(lambda: len(app.decisions) == 2)
    eventually(lambda: [run["state"] for run in app.runs.values()] == ["succeeded"])
    deliver(webhook, "resolved")
    eventually(lambda: [run["verification"] for run in app.runs.values()] == ["verified"])
    assert len((playbooks.parent / "repaired").read_text().splitlines()) == 1


def test_its_log_lines_are_understood(webhook, follower, eventually):
    one = follower(OIMS_JOURNAL_URL=webhook.url)
    deliver(webhook)
    log = webhook.log
    eventually(lambda: '"kind":"heartbeat"' in log.read_text() and '"kind":"alert"' in log.read_text())
    for line in log.read_text().splitlines():
        one.write(line)
    one.stdin.close()
    assert one.process.wait(60) == 0, one.log
    (ended,) = [json.loads(line) for line in one.log.splitlines() if "stdin_ended" in line]
    assert ended["lines_event"] == 1
    assert ended["lines_heartbeat"] >= 1
    assert not {"lines_bad_signature", "lines_unsigned", "lines_bad_event"} & set(ended)
