"""Faults on one release, one after the other: each ends in the right verdict, and nothing runs twice."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.cluster import eventually
from tests.e2e.matrix.policy import alert_of

pytestmark = [pytest.mark.e2e, pytest.mark.matrix, pytest.mark.timeout(900)]

WRONG_IMAGES = [{"image": f"nowhere.invalid/none:{number}"} for number in (1, 2)]
WRONG_LEVEL = {"env": [{"name": "LEVEL", "value": "loud"}]}
TOO_MUCH = {"env": [{"name": "MEGABYTES", "value": "200"}]}


def send(release, name, *, firing):
    """Tell Alertmanager that a workload is broken, or is no longer."""
    now = datetime.now(UTC)
    ends = now + timedelta(hours=1) if firing else now
    alert = {"labels": {"alertname": alert_of(name), "severity": "critical"}, "endsAt": ends.isoformat()}
    if firing:
        alert["startsAt"] = now.isoformat()
    answer = release.forward("alertmanager").request("POST", "/api/v2/alerts", json=[alert])
    assert answer.status_code == 200, answer.text


def runs(release, name):
    """Return the runs of a workload's remedy, oldest first."""
    found = release.api("/api/v1/runs?limit=100")["items"]
    mine = [run for run in found if run["target"]["name"] == name]
    return sorted(mine, key=lambda run: run["queued_at"])


def ended(release, name, count=1):
    """Wait for the end of the playbook of so many runs; return the newest run.

    One that was interrupted is repeated under its id.
    """

    def look():
        found = runs(release, name)
        over = found and found[-1]["state"] not in {"queued", "running", "interrupted"}
        return found[-1] if over and len(found) == count else None

    return eventually(look, f"the end of run {count} of {name}", seconds=300, pause=1)


def judged(release, name, count=1):
    """End the alert; wait for the verdict of the newest of so many runs and for the end of the incident."""
    send(release, name, firing=False)

    def look():
        found = runs(release, name)
        return found[-1]["verification"] if found[-1]["verification"] != "pending" else None

    verdict = eventually(look, f"the verdict about {name}", seconds=180, pause=1)
    eventually(lambda: release.incident(alert_of(name))["state"] == "resolved", "the end of the incident")
    assert len(runs(release, name)) == count
    return verdict


def test_a_workload_that_was_scaled_to_0_is_left_alone_and_a_person_is_told(release, workloads):
    idle = workloads["idle"]
    idle.scale(0)
    send(release, "idle", firing=True)
    run = ended(release, "idle")
    assert run["state"] == "failed"
    incident = eventually(
        lambda: found if (found := release.incident(alert_of("idle")))["escalated_at"] else None,
        "the incident handed to a person",
    )
    assert "is scaled to 0" in str(release.timeline(incident["id"]))
    assert incident["state"] != "resolved"
    assert idle.replicas() == 0


@pytest.mark.parametrize(
    ("name", "changes", "signs"),
    [
        ("image", WRONG_IMAGES, {"ErrImagePull", "ImagePullBackOff"}),
        ("config", [WRONG_LEVEL], {"Error", "CrashLoopBackOff"}),
        ("memory", [TOO_MUCH], {"OOMKilled"}),
    ],
)
def test_a_broken_template_is_rolled_back_to_the_good_one_each_time(release, workloads, name, changes, signs):
    workload = workloads[name]
    good = workload.container()
    for count, change in enumerate(changes, start=1):
        workload.change(**change)
        eventually(lambda: workload.reasons() & signs, f"one of {signs}")
        send(release, name, firing=True)
        assert ended(release, name, count)["state"] == "succeeded"
        assert workload.container() == good
        assert judged(release, name, count) == "verified"


def test_after_all_that_the_parts_agree_and_nothing_ran_twice(release, inspected):
    attempts = Counter(
        (run["episode"], run["remedy"], run["attempt"])
        for run in release.api("/api/v1/runs?limit=100")["items"]
    )
    assert release.api("/api/v1/decisions?reason=already_resolved")["items"] == [], "a new leader reads on"
    assert attempts
    assert max(attempts.values()) == 1
    assert eventually(lambda: not inspected() or None, "no invariant broken", pause=2)
