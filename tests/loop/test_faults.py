"""Nothing is lost and nothing happens twice, whatever is killed."""

import concurrent.futures
import json
import random

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def _alert(name, number=0, status="firing"):
    return {
        "status": status,
        "labels": {"alertname": name, "severity": "low", "instance": f"host-{number}"},
        "annotations": {"summary": f"{name} on host-{number}"},
        "startsAt": "2026-01-01T00:00:00Z",
    }


def test_the_documented_alert_by_hand_goes_all_the_way(installation):
    answer = installation.post_once({"status": "firing", "labels": {"alertname": "TestAlert"}})
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 1

    installation.wait(lambda: '"alertname":"TestAlert"' in installation.log("webhook"))
    [event] = installation.parts.events("TestAlert", "firing")
    runs = "SELECT state FROM runs WHERE episode = ?"
    installation.wait(lambda: installation.ledger.column(runs, event["episode"]) == ["succeeded"])
    incident = installation.wait(lambda: installation.parts.incident("TestAlert"))
    installation.wait(
        lambda: [item for item in installation.parts.timeline(incident["id"]) if item["kind"] == "run"]
    )


@pytest.mark.fault("F10")
def test_the_same_delivery_200_times_is_one_row_one_incident_one_run(installation):
    alert = _alert("TestAlert", 200)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: installation.post(alert), range(200)))
    assert sum(answer["accepted"] for answer in answers) == 1
    assert sum(answer["duplicates"] for answer in answers) == 199

    installation.settle()
    rows = "SELECT episode, deliveries FROM journal_events WHERE body LIKE '%host-200%'"
    [(episode, deliveries)] = installation.journal.rows(rows)
    assert deliveries == 200
    assert installation.app.column("SELECT count(*) FROM incidents WHERE episode = ?", episode) == [1]
    runs = "SELECT attempt, state FROM runs WHERE episode = ?"
    assert installation.ledger.rows(runs, episode) == [(1, "succeeded")]
    installation.check_sums()


@pytest.mark.parametrize("victim", ["webhook", "worker", "automation", "monitor", "app"])
def test_a_part_that_is_killed_under_load_loses_nothing_and_repeats_nothing(installation, victim):
    numbers = range(20)
    before = len(installation.journal.rows("SELECT seq FROM journal_events"))
    killed_after = set(random.Random(victim).sample(numbers, 3))  # noqa: S311 - a repeatable choice

    def deliver(number):
        answer = installation.post(_alert(f"Storm-{victim}", number))
        if number in killed_after:
            installation.kill(victim)
        return answer

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(deliver, numbers))

    # An answer may get lost after its commit; the repeat then counts as a duplicate. Rows are what matters.
    assert sum(answer["accepted"] + answer["duplicates"] for answer in answers) == len(numbers)
    installation.settle()
    rows = installation.journal.column("SELECT body FROM journal_events ORDER BY seq")[before:]
    assert sorted(json.loads(body)["labels"]["instance"] for body in rows) == sorted(
        f"host-{number}" for number in numbers
    )
    installation.check_sums()


@pytest.mark.fault("F3")
def test_automation_killed_in_the_middle_of_a_run_says_so_and_runs_it_again(installation):
    installation.post(_alert("TestAlert", 300))
    episode = installation.wait(
        lambda: installation.ledger.column("SELECT episode FROM runs WHERE state = 'running'")
    )[0]
    installation.kill("automation")

    states = "SELECT state FROM runs WHERE episode = ? ORDER BY attempt"
    installation.wait(lambda: installation.ledger.column(states, episode) == ["interrupted", "succeeded"])
    installation.settle()
    installation.check_sums()


def test_an_alert_that_resolves_while_everything_is_being_killed_ends_resolved(installation):
    installation.post(_alert("Brief", 1))
    for victim in ("worker", "automation", "webhook"):
        installation.kill(victim)
    installation.post(_alert("Brief", 1, status="resolved"))
    installation.settle()
    state = "SELECT state FROM incidents WHERE alertname = 'Brief'"
    assert installation.app.column(state) == ["resolved"]
    installation.check_sums()
