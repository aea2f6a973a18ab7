"""Faults on one release, one after the other: each ends in the right verdict, and nothing runs twice."""

import json
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.cluster import eventually
from tests.e2e.matrix.policy import alert_of

pytestmark = [pytest.mark.e2e, pytest.mark.matrix, pytest.mark.timeout(900)]

WRONG_IMAGES = [{"image": f"nowhere.invalid/none:{number}"} for number in (1, 2)]
WRONG_LEVEL = {"env": [{"name": "LEVEL", "value": "loud"}]}
TOO_MUCH = {"env": [{"name": "MEGABYTES", "value": "200"}]}
LEASE = "oims-automation"
A_MINUTE = 60
# New backends, too: the server accepts, and nobody answers. The loop itself is no process of PostgreSQL's.
FREEZE = """
end=$(( $(date +%s) + SECONDS_TO_STAY ))
each() { # a process that has ended meanwhile is no matter
  for folder in /proc/[0-9]*; do
    if [ "$folder" = /proc/1 ]; then continue; fi
    if grep -q '^postgres$' "$folder/comm"; then kill "$1" "${folder#/proc/}"; fi
  done 2>/dev/null
}
while [ "$(date +%s)" -lt "$end" ]; do each -STOP; sleep 0.1; done
each -CONT
"""
FILL = """
import contextlib
with open("/small/fill", "wb", buffering=0) as file, contextlib.suppress(OSError):
    while file.write(bytes(4096)):
        pass
"""

OPEN = """
SELECT query FROM pg_stat_activity
WHERE state = 'idle in transaction' AND xact_start < now() - interval '30 seconds'
"""


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


def repaired_once(release, name):
    """Wait for a run that succeeds, end the alert and return the verdict; one before it was cut off."""
    eventually(
        lambda: "succeeded" in states(release, name), f"a run of {name} that ends well", seconds=300, pause=1
    )
    *cut_off, last = states(release, name)
    assert last == "succeeded"
    assert set(cut_off) <= {"interrupted", "unknown"}
    assert len(cut_off) <= 1
    return judged(release, name, count=len(cut_off) + 1)


def states(release, name):
    return [run["state"] for run in runs(release, name)]


def holder(release):
    return release.namespace.get("lease", LEASE)["spec"].get("holderIdentity", "")


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


def test_an_alert_in_the_middle_of_a_rollout_restarts_nothing(release, workloads):
    workload = workloads["rolling"]
    before = workload.revision()
    workload.begin_a_long_rollout()
    send(release, "rolling", firing=True)

    def deferred():
        incident = release.incident(alert_of("rolling"))
        return incident and reasons(release, incident) == {"rolling_out"}

    eventually(deferred, "the decision to wait", pause=0.2)
    send(release, "rolling", firing=False)
    eventually(lambda: release.incident(alert_of("rolling"))["state"] == "resolved", "the end of the alert")
    assert workload.revision() == before + 1
    assert runs(release, "rolling") == []


def reasons(release, incident):
    found = release.api(f"/api/v1/decisions?incident={incident['id']}")["items"]
    return {decision["reason"] for decision in found}


def leader(release):
    """Return the name of the pod that acts."""
    return next(pod for pod in release.pod_names("automation") if holder(release).startswith(f"{pod}-"))


def evict(release):
    """Evict the leader as a drain of its node does."""
    pod = leader(release)
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
    door = f"/api/v1/namespaces/{release.namespace.name}/pods/{pod}/eviction"
    release.namespace.kubectl("create", "--raw", door, "-f", "-", stdin=json.dumps(body))


def kill(release):
    release.namespace.kubectl("delete", "pod", leader(release), "--grace-period=0", "--force")


def remove_the_lease(release):
    release.namespace.kubectl("delete", "lease", LEASE)


@pytest.mark.parametrize(
    ("name", "disturb"), [("evicted", evict), ("killed", kill), ("unleased", remove_the_lease)]
)
def test_a_repair_whose_leader_is_disturbed_is_made_once(release, workloads, name, disturb):
    before = workloads[name].revision()
    send(release, name, firing=True)
    eventually(lambda: workloads[name].revision() == before + 1, "the restart", seconds=180, pause=0.2)
    disturb(release)
    eventually(lambda: holder(release), "a leader", seconds=120)
    assert repaired_once(release, name) == "verified"
    assert workloads[name].revision() == before + 1


def test_an_api_server_away_for_a_minute_ends_the_run_which_is_then_made_once(release, workloads, way):
    before = workloads["unreachable"].revision()
    eventually(lambda: holder(release).startswith("e2e-host-"), "the host as the leader", seconds=180)
    send(release, "unreachable", firing=True)
    eventually(lambda: workloads["unreachable"].revision() == before + 1, "the restart", seconds=180)
    way.cut()
    time.sleep(A_MINUTE)
    way.mend()
    assert repaired_once(release, "unreachable") == "verified"
    assert workloads["unreachable"].revision() == before + 1


def test_a_frozen_database_is_told_and_delays_the_report_but_no_repair(release, workloads):
    release.token()
    before = workloads["frozen"].revision()
    script = FREEZE.replace("SECONDS_TO_STAY", str(A_MINUTE))
    frozen = threading.Thread(
        target=release.namespace.kubectl, args=("exec", "oims-postgres-0", "--", "sh", "-c", script)
    )
    frozen.start()
    try:
        eventually(lambda: status(release, "app", "/readyz") == 503, "the app not ready", pause=0.2)
        assert status(release, "app", "/healthz") == 200
        send(release, "frozen", firing=True)
        eventually(
            lambda: workloads["frozen"].revision() == before + 1, "the restart without the app", seconds=180
        )
    finally:
        frozen.join()
    eventually(lambda: status(release, "app", "/readyz") == 200, "the app ready again")
    assert ended(release, "frozen")["state"] == "succeeded"
    assert judged(release, "frozen") == "verified"
    assert workloads["frozen"].revision() == before + 1


def status(release, component, path):
    """Return how one pod answers: a Service sends nothing to a pod that is not ready."""
    (pod,) = release.pod_names(component)
    return release.forward(component, pod).request("GET", path).status_code


def test_an_alert_that_finds_a_full_volume_is_taken_once_when_there_is_room(release, workloads):
    before = workloads["full"].revision()
    (webhook,) = release.pod_names("webhook")
    execute = ("exec", webhook, "-c", "webhook", "--", "python", "-c")
    release.namespace.kubectl(*execute, FILL)
    try:
        eventually(lambda: status(release, "webhook", "/readyz") == 503, "the webhook not ready")
        send(release, "full", firing=True)
        eventually(lambda: refusals(release), "the refused delivery")
        assert release.incident(alert_of("full")) is None
    finally:
        release.namespace.kubectl(*execute, "import os; os.remove('/small/fill')")
    eventually(lambda: status(release, "webhook", "/readyz") == 200, "the webhook ready again")
    assert ended(release, "full")["state"] == "succeeded"
    assert judged(release, "full") == "verified"
    assert workloads["full"].revision() == before + 1


def refusals(release):
    """Return the deliveries that the webhook has answered with 503."""
    lines = release.log("webhook", "webhook")
    return [line for line in lines if line.get("kind") == "access" and line.get("status") == 503]


def test_after_all_that_the_parts_agree_and_nothing_ran_twice(release, inspected):
    attempts = Counter(
        (run["episode"], run["remedy"], run["attempt"])
        for run in release.api("/api/v1/runs?limit=100")["items"]
    )
    ended_early = release.api("/api/v1/decisions?reason=already_resolved")["items"]
    rolling = release.incident(alert_of("rolling")) or {"id": None}
    assert {found["incident"] for found in ended_early} <= {rolling["id"]}, "a new leader reads on"
    assert attempts
    assert max(attempts.values()) == 1
    assert eventually(lambda: not inspected(), "no invariant broken", pause=2)


def test_no_session_keeps_a_transaction_open(release):
    ask = ("exec", "oims-postgres-0", "--", "psql", "-U", "oims", "-d", "oims", "-Atc", OPEN)
    eventually(lambda: not release.namespace.kubectl(*ask).strip(), "no old transaction", pause=2)
