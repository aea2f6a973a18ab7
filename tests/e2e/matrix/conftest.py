"""One release for all faults: on PostgreSQL, with two automations."""

import pytest

from tests.e2e import values
from tests.e2e.matrix.inspection import PostgresDoor, copied, findings
from tests.e2e.matrix.policy import REMEDIES, policy
from tests.e2e.matrix.workloads import Workload

JOURNAL = "/var/lib/oims/journal.db"
LEDGER = "/var/lib/oims/automation/ledger.db"


@pytest.fixture(scope="module")
def struck(release):
    """Install the release that the faults strike."""
    namespace = release.namespace.name
    automation = {
        "inCluster": {"enabled": True, "replicas": 2, "policy": policy(namespace)},
        "targets": {"namespaces": {namespace: sorted(REMEDIES)}},
    }
    faulty = {"automation": automation}
    return release.deploy(values.merge(values.base(), values.postgres(), faulty))


@pytest.fixture(scope="module")
def workloads(struck):
    """The workloads that the faults strike, all in order."""
    made = {name: Workload(struck.namespace, name) for name in REMEDIES}
    for workload in made.values():
        workload.create()
    for workload in made.values():
        workload.is_rolled_out()
    for name, playbook in REMEDIES.items():
        if playbook == "rollback_oims.yml":
            made[name].is_known_to_be_good()
    return made


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
