"""The values that the tests install with: the chart's own, with short times and a fault to switch on."""

import os

import yaml

from demo.durations import shorten
from tests.e2e.cluster import CHART
from tests.e2e.patience import patient_text
from tests.e2e.sink import PORT

ON_CALL = "on-call@example.org"
# The other rules keep their times: a restart by the tests is no outage.
SHORTENED = {"ConfigurationRefused", "IncidentAppErrors", "IncidentAppSaturated"}
HOLD = "12s"  # as long as these rules look back when shortened


def short_rules():
    """Return the chart's rule files with short times for what the tests provoke."""
    files = {}
    for path in sorted(CHART.glob("files/rules/*.yml")):
        text = path.read_text(encoding="utf-8")
        rules, short = yaml.safe_load(text), yaml.safe_load(shorten(text))
        for group, short_group in zip(rules["groups"], short["groups"], strict=True):
            group["rules"] = [
                quick if rule["alert"] in SHORTENED else rule
                for rule, quick in zip(group["rules"], short_group["rules"], strict=True)
            ]
        files[path.name] = rules
    return files


def image(part):
    """Return the values of the image that is under test."""
    name = os.environ.get(f"E2E_IMAGE_{part.upper()}", "")
    assert name, f"E2E_IMAGE_{part.upper()} names no image: run the tests by `make e2e`"
    repository, _, tag = name.rpartition(":")
    return {"repository": repository, "tag": tag, "pullPolicy": "IfNotPresent"}


def base():
    """Return the values of the release that the loop is tested on."""
    return {
        "app": {
            "image": image("app"),
            "demoFaults": True,
            "smtp": {"host": "sink", "port": PORT, "tls": "none", "to": [ON_CALL], "cap": 1000},
        },
        "webhook": {"image": image("webhook")},
        "automation": {"inCluster": {"image": image("automation")}},
        "prometheus": {
            "scrapeInterval": "2s",
            "evaluationInterval": "2s",
            "defaultRules": False,
            "extraRules": short_rules(),
        },
        "alertmanager": {"route": {"groupWait": "1s", "groupInterval": "2s"}},
    }


def postgres():
    """Return what puts the app on the bundled PostgreSQL."""
    return {"database": {"type": "postgres", "postgres": {"bundled": {"enabled": True}}}}


def merge(*maps):
    """Return the maps laid over each other, as Helm lays values files."""
    merged = {}
    for part in maps:
        for key, value in part.items():
            both = isinstance(value, dict) and isinstance(merged.get(key), dict)
            merged[key] = merge(merged[key], value) if both else value
    return merged


def policy(namespace, *, app="oims-app", max_replicas=2):
    """Return a policy with short times for a release's app."""
    target = {"kind": "Deployment", "namespace": namespace, "name": app}
    return {
        "defaults": {
            "mode": "auto",
            "cooldown": "5s",
            "max_runs_per_hour": 60,
            "max_attempts": 1,
            "timeout": patient_text(180),
            "verify": {"within": patient_text(60), "hold": HOLD},
        },
        "limits": {"concurrent_runs": 2, "runs_per_hour": 100, "targets_per_hour": 5},
        "remedies": [
            {"alert": "IncidentAppErrors", "playbook": "restart_oims.yml", "target": target},
            {
                "alert": "IncidentAppSaturated",
                "playbook": "scale_oims.yml",
                "target": target,
                "with": {"step": 1, "min_replicas": 1, "max_replicas": max_replicas},
                "verify": {"within": patient_text(40), "hold": HOLD},
            },
        ],
    }
