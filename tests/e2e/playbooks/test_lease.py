"""One automation acts: two of them and a real API server, by a way that a test cuts."""

import json
import os
from pathlib import Path

import pytest

from automation.lease.election import DURATION, Election
from automation.lease.record import Record
from automation.lease.store import LeaseStore
from tests.e2e.playbooks.relay import Relay

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

POLICY = """\
defaults: {cooldown: 0s, max_attempts: 2, timeout: 5m, verify: {within: 1m, hold: 1s}}
remedies:
  - {alert: Quick, playbook: repair.yml, target: {kind: Deployment, namespace: shop, name: web}}
  - {alert: Long, playbook: slow.yml, target: {kind: Deployment, namespace: shop, name: db}}
"""


@pytest.fixture
def way(cluster, tmp_path):
    """A kubeconfig whose connections can be cut."""
    document = json.loads(cluster.kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
    relay = Relay.into(document)
    relay.kubeconfig = tmp_path / "kubeconfig"
    relay.kubeconfig.write_text(json.dumps(document))
    yield relay
    relay.close()


@pytest.fixture
def elect(cluster, way, monkeypatch, request):
    """Make electors that share one Lease and one clock."""
    clock = {"now": 0.0}
    name = request.node.name.replace("_", "-")[:60].strip("-")

    def elector(identity, *, cut=False):
        if cut:  # the library reads KUBECONFIG when it is imported
            location = "kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION"
            monkeypatch.setattr(location, str(way.kubeconfig))
        store = LeaseStore(name, cluster.namespace)
        store.read()
        monkeypatch.undo()
        return Election(store, identity, lambda: None, now=lambda: clock["now"])

    return elector, clock


def test_of_two_one_leads_and_gives_its_place_back(cluster, elect):
    elector, clock = elect
    one, two = elector("one"), elector("two")
    for _ in range(3):
        one.round()
        two.round()
        assert (one.is_leader, two.is_leader, two.holder) == (True, False, "one")
        clock["now"] += 5
    one.release()
    two.round()
    assert (one.is_leader, two.is_leader) == (False, True)
    lease = cluster.get("lease", "test-of-two-one-leads-and-gives-its-place-back")["spec"]
    assert (lease["holderIdentity"], lease["leaseTransitions"]) == ("two", 2)


def test_of_two_that_write_at_once_the_server_lets_one(cluster):
    one, two = (LeaseStore("raced", cluster.namespace) for _ in range(2))
    empty = Record(None)
    assert [store.write(empty, holder="x", duration=9) for store in (one, two)] == [True, False]
    stale = one.read()
    assert [store.write(stale, holder="x", duration=9) for store in (two, one)] == [True, False]


def test_who_cannot_reach_the_server_leads_no_longer_before_another_does(elect, way):
    elector, clock = elect
    one, two = elector("one", cut=True), elector("two")
    one.round()
    two.round()
    assert one.is_leader
    way.cut()
    clock["now"] = DURATION - 1
    one.round()
    two.round()
    assert (one.is_leader, two.is_leader) == (False, False)
    assert "does not answer" in one.problem
    clock["now"] = DURATION
    two.round()
    assert two.is_leader
    way.mend()
    one.round()
    assert (one.is_leader, one.holder, one.problem) == (False, "two", None)


def test_two_followers_run_an_alert_once_and_the_one_cut_off_ends_its_run(
    cluster,
    way,
    journal,
    app,
    follower,
    eventually,
    playbooks,
    tmp_path,
):
    """The second has its own ledger; it takes over when the first cannot renew, and never before."""
    (playbooks / "policy.yml").write_text(POLICY)
    lease = {"OIMS_LEASE": "acts", "OIMS_LEASE_NAMESPACE": cluster.namespace}
    first = follower(**lease, KUBECONFIG=str(way.kubeconfig), OIMS_INSTANCE="first")
    eventually(lambda: '"lease_taken"' in first.log)
    straight = {"KUBECONFIG": os.environ.get("KUBECONFIG", str(Path.home() / ".kube/config"))}
    second = follower(**lease, **straight, OIMS_STATE_DIR=str(tmp_path / "second"), OIMS_INSTANCE="second")
    journal.add("Quick")
    journal.add("Long")
    eventually((playbooks.parent / "begun").exists)
    eventually((playbooks.parent / "repaired").exists)
    journal.add("Quick", "resolved")
    way.cut()
    eventually(lambda: "lease_held_by_another" in first.log, 30)
    interrupted = eventually(lambda: [run for run in app.runs.values() if run["state"] == "interrupted"], 30)
    assert [run["alertname"] for run in interrupted] == ["Long"]
    eventually(lambda: '"lease_taken"' in second.log, 30)
    begun = eventually(
        lambda: ids if len(ids := (playbooks.parent / "begun").read_text().split()) == 2 else None, 30
    )
    assert len(set(begun)) == 1, "the run that was cut off is repeated under its id"
    assert len((playbooks.parent / "repaired").read_text().splitlines()) == 1
    ended = first.log.index("lease_held_by_another")
    assert "run_started" not in first.log[ended:]
