"""Which alert repairs which workload, and how."""

from tests.e2e.patience import patient_text

REMEDIES = {
    "idle": "restart_oims.yml",
    "image": "rollback_oims.yml",
    "config": "rollback_oims.yml",
    "memory": "rollback_oims.yml",
    "rolling": "restart_oims.yml",
    "evicted": "restart_oims.yml",
    "killed": "restart_oims.yml",
    "unleased": "restart_oims.yml",
    "unreachable": "restart_oims.yml",
    "frozen": "restart_oims.yml",
    "full": "restart_oims.yml",
}
"""Workloads, and what repairs them."""
DISTURBED = {"evicted", "killed", "unleased", "unreachable"}


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
                "max_attempts": 2 if name in DISTURBED else 1,  # an interrupted run is one
            }
            for name, playbook in REMEDIES.items()
        ],
    }
