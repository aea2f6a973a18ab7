"""One release for all faults: on PostgreSQL, with two automations and a small volume for the journal."""

import json

import pytest

from tests.e2e import values
from tests.e2e.cluster import run
from tests.e2e.host import HostMonitor
from tests.e2e.matrix.inspection import PostgresDoor, copied, findings
from tests.e2e.matrix.policy import DISTURBED, REMEDIES, policy
from tests.e2e.matrix.workloads import PATIENT, SLOW, Workload
from tests.e2e.playbooks.relay import Relay

JOURNAL = "/small/journal.db"
LEDGER = "/var/lib/oims/automation/ledger.db"
SMALL = {
    "extraVolumes": [{"name": "small", "emptyDir": {"medium": "Memory", "sizeLimit": "24Mi"}}],
    "extraVolumeMounts": [{"name": "small", "mountPath": "/small"}],
    "extraEnv": [{"name": "OIMS_WEBHOOK_JOURNAL", "value": JOURNAL}],
}
"""A volume that can be full without filling the node."""


@pytest.fixture(scope="module")
def struck(release):
    """Install the release that the faults strike."""
    namespace = release.namespace.name
    automation = {
        "inCluster": {"enabled": True, "replicas": 2, "policy": policy(namespace)},
        "targets": {"namespaces": {namespace: sorted(REMEDIES)}},
    }
    faulty = {"automation": automation, "webhook": SMALL}
    return release.deploy(values.merge(values.base(), values.postgres(), faulty))


@pytest.fixture(scope="module")
def workloads(struck):
    """The workloads that the faults strike, all in order."""
    special = {"rolling": PATIENT} | dict.fromkeys(DISTURBED, SLOW)
    made = {name: Workload(struck.namespace, name, **special.get(name, {})) for name in REMEDIES}
    for workload in made.values():
        workload.create()
    for workload in made.values():
        workload.is_rolled_out()
    for name, playbook in REMEDIES.items():
        if playbook == "rollback_oims.yml":
            made[name].is_known_to_be_good()
    return made


@pytest.fixture
def way(struck, tmp_path):
    """The way of a monitor on this host to the API server, which a test can cut; no other automation runs."""
    monitor = HostMonitor(tmp_path, struck).set_up()
    kubeconfig = tmp_path / "host" / "kubeconfig"
    document = json.loads(
        run("kubectl", "--kubeconfig", kubeconfig, "config", "view", "--raw", "--flatten", "-o", "json")
    )
    relay = Relay.into(document)
    kubeconfig.write_text(json.dumps(document))
    struck.namespace.kubectl("scale", "statefulset/oims-automation", "--replicas=0")
    monitor.start(policy(struck.namespace.name))
    yield relay
    monitor.stop()
    relay.close()
    struck.namespace.kubectl("scale", "statefulset/oims-automation", "--replicas=2")


@pytest.fixture
def inspected(struck, tmp_path):
    """Return what `oims doctor` finds wrong in the databases of the release."""

    def look():
        namespace = struck.namespace
        (webhook,) = struck.pod_names("webhook")
        journal = copied(namespace, webhook, "webhook", JOURNAL, tmp_path / "journal.db")
        with PostgresDoor(struck) as address:
            found = findings("--journal", str(journal), "--app", address)
        for pod in struck.pod_names("automation"):
            ledger = copied(namespace, pod, "automation", LEDGER, tmp_path / f"{pod}.db")
            found += findings("--ledger", str(ledger))
        return found

    return look
