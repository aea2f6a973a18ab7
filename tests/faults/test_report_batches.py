"""Reports that wait reach the app once each, whichever side is killed between request and answer."""

import random

import pytest

from automation.ledger import reports
from automation.ledger.database import open_ledger
from tests.automation.installation import Installation, policy
from tests.waiting import until

REPORTS = 600
KILLS = 4


@pytest.mark.slow
@pytest.mark.fault("F27")
def test_reports_arrive_once_each_while_both_sides_are_killed(tmp_path):
    installation = Installation(tmp_path, policy({"alert": "Repairable"}))
    try:
        installation.begin("app")
        spool(tmp_path)
        installation.start("automation")
        kill_both(installation, random.Random(1))  # noqa: S311 - a repeatable choice
        installation.eventually(lambda: not waiting(installation), 120)
    finally:
        installation.close()
    stored = installation.rows("SELECT id, count(*) FROM decisions GROUP BY id ORDER BY id")
    assert stored == [(name(number), 1) for number in range(REPORTS)]


def spool(folder):
    """Let reports wait before automation starts."""
    state = folder / "state"
    state.mkdir(mode=0o700, exist_ok=True)
    ledger = open_ledger(state)
    for number in range(REPORTS):
        document = {
            "id": name(number),
            "episode": "episode-1",
            "event_id": "event-1",
            "seq": 1,
            "fingerprint": "c6ac9a1b2c3d4e5f",
            "alertname": "Other",
            "decision": "deferred",
            "reason": "cooldown",
            "detail": f"report of the test {number}",
            "decided_at": "2026-11-28T10:00:00.000Z",
        }
        reports.spool(ledger, reports.DECISIONS, document["id"], document)
    ledger.close()


def kill_both(installation, chance):
    """Kill the app or automation, each time a few more reports have arrived."""
    for _ in range(KILLS):
        before = waiting(installation)
        until(lambda before=before: waiting(installation) < before or not before, 60)
        part = chance.choice(["app", "automation"])
        installation.kill(part)
        installation.start(part)


def waiting(installation):
    ((count,),) = installation.ledger_rows("SELECT count(*) FROM reports")
    return count


def name(number):
    return f"report-{number:03}"
