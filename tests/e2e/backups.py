"""Backup and restore by the chart's CronJobs, as docs/install.md has them."""

import json

from tests.e2e.cluster import eventually
from tests.e2e.patience import patient, patient_text

CLAIM = "backups"
VALUES = {"backup": {"enabled": True, "existingClaim": CLAIM}}
BEFORE, SINCE = "Before the backup", "Since the backup"


def claim(namespace):
    """Make the volume that the backups go to."""
    body = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": CLAIM},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "64Mi"}}},
    }
    namespace.kubectl("apply", "-f", "-", stdin=json.dumps(body))


def start(namespace, job, step):
    """Run a Job of a CronJob; return what it said when it has ended well."""
    namespace.kubectl("create", "job", job, f"--from=cronjob/oims-{step}")
    end = ("--for=condition=complete", f"--timeout={patient_text(120)}", f"job/{job}")
    namespace.kubectl("wait", *end, timeout=patient(150))
    return namespace.kubectl("logs", f"job/{job}")


def brings_back_what_there_was(release, ending):
    """Back up, write on, restore: what was there before is there again, and nothing since."""
    kept = release.add_incident(BEFORE)
    said = start(release.namespace, "backup-now", "backup")
    assert "wrote /backups/oims-" in said
    assert f".{ending}, " in said
    release.add_incident(SINCE)
    said = start(release.namespace, "restore-now", "restore")
    assert "restored /backups/oims-" in said
    release.namespace.kubectl("rollout", "restart", "deployment/oims-app")
    release.namespace.kubectl("rollout", "status", "deployment/oims-app", f"--timeout={patient_text(120)}")
    release.forget()

    def titles():
        return {item["title"] for item in release.api("/api/v1/incidents?limit=100")["items"]}

    assert eventually(titles, "the incidents") >= {BEFORE}
    assert SINCE not in titles()
    assert release.has_incident(kept, BEFORE)
