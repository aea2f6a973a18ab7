"""The app on PostgreSQL: the way there and back, backup and restore, and scaling by the playbook."""

import pytest

from tests.e2e import backups, values
from tests.e2e.cluster import eventually
from tests.e2e.patience import Refused
from tests.e2e.visitors import Visitors

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
TITLE = "Written to the file"
ALERT = "IncidentAppSaturated"
MAXIMUM = 2


@pytest.fixture(scope="module")
def written(release):
    """Install it on a file and write an incident; return its number."""
    release.deploy(values.base())
    assert strategy(release) == "Recreate"
    return release.add_incident(TITLE)


@pytest.fixture(scope="module")
def scaled(release, written, monitor):
    """Move that release to PostgreSQL, with the monitor at work."""
    backups.claim(release.namespace)
    release.deploy(values.merge(values.base(), values.postgres(), backups.VALUES))
    policy = values.policy(release.namespace.name, max_replicas=MAXIMUM)
    monitor.set_up().start(policy)
    return release


def strategy(release):
    return release.get("deployment", "app")["spec"]["strategy"]["type"]


def replicas(release):
    return release.get("deployment", "app")["spec"]["replicas"]


def test_a_release_that_moves_to_postgresql_begins_anew(scaled):
    assert strategy(scaled) == "RollingUpdate"
    assert TITLE not in {item["title"] for item in scaled.api("/api/v1/incidents")["items"]}


def test_a_backup_by_pg_dump_brings_back_what_there_was_and_nothing_since(scaled):
    backups.brings_back_what_there_was(scaled, "sql.gz")


def test_a_saturated_app_gets_one_replica_more(scaled, monitor):
    (pod,) = scaled.pod_names("app")
    old = set(scaled.pods("app"))
    with Visitors(scaled, pod, count=10):
        scaled.switch_fault("saturated", on=True, pod=pod)
        eventually(lambda: monitor.finished("scale_oims.yml", state="succeeded"), "the scaling", seconds=180)
        assert replicas(scaled) == 2
        eventually(lambda: len(scaled.ready_pods("app")) == 2, "two replicas that are ready")
        assert old < set(scaled.pods("app"))

        def verified():
            incident = scaled.incident(ALERT)
            return incident["state"] == "resolved" and incident["verdict"] == "verified"

        # The first replica is as full as before: only the second one has changed the alert.
        eventually(verified, "the verdict", seconds=120)


def test_it_is_never_scaled_beyond_the_maximum(scaled, monitor):
    assert replicas(scaled) == MAXIMUM
    pods = scaled.pod_names("app")
    runs = len(monitor.finished("scale_oims.yml"))
    first, second = pods
    with (
        Visitors(scaled, first, count=10),
        Visitors(scaled, second, count=10),
    ):
        for pod in pods:
            scaled.switch_fault("saturated", on=True, pod=pod)

        def given_up():
            entries = scaled.timeline(scaled.incident(ALERT)["id"])
            told = " ".join(entry["summary"] for entry in entries)
            return told if "a person has to look" in told else ""

        told = eventually(given_up, "the incident handed to a person", seconds=240)
        for pod in pods:
            scaled.switch_fault("saturated", on=False, pod=pod)

    assert len(monitor.finished("scale_oims.yml")) == runs + 1
    assert "that is its maximum or beyond" in told
    assert replicas(scaled) == MAXIMUM
    assert scaled.pod_names("app") == pods


def test_the_next_upgrade_says_that_automation_has_scaled(scaled):
    with pytest.raises(Refused, match=r"conflict.*\.spec\.replicas"):
        scaled.deploy(scaled.values)
    scaled.deploy(scaled.values, "--force-conflicts")
    assert replicas(scaled) == 1


def test_a_release_that_moves_back_has_what_the_file_holds(scaled, written):
    scaled.deploy(values.base())
    assert strategy(scaled) == "Recreate"
    assert scaled.has_incident(written, TITLE)
