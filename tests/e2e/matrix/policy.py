"""Which alert repairs which workload, and how."""

from tests.e2e.patience import patient_text

REMEDIES = {
    "idle": "restart_oims.yml",
    "image": "rollback_oims.yml",
    "config": "rollback_oims.yml",
    "memory": "rollback_oims.yml",
}
"""Workloads, and what repairs them."""


def alert_of(name):
    return f"{name.capitalize()}Broken"


def policy(namespace):
    return {
        "defaults": {
            "mode": "auto",
            "cooldown": "1s",
            "max_runs_per_hour": 60,
            "max_attempts": 1,
            "timeout": patient_text(180),
            "verify": {"within": patient_text(120), "hold": "2s"},
        },
        "limits": {"concurrent_runs": 2, "runs_per_hour": 100, "targets_per_hour": 20},
        "remedies": [
            {
                "alert": alert_of(name),
                "playbook": playbook,
                "target": {"kind": "Deployment", "namespace": namespace, "name": name},
            }
            for name, playbook in REMEDIES.items()
        ],
    }
