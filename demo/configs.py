"""The files that the parts read: Prometheus' and Alertmanager's configuration, the rules, the policy."""

import secrets
import shutil
from typing import Any

import yaml

from demo import durations
from demo.plan import ON_CALL, SENDER, playbooks, programs, supervisord_configuration
from demo.settings import HOST, ROOT, Settings
from demo.state import State

RULES = ROOT / "charts/oims/files/rules"
MAIL = ROOT / "charts/oims/files/alertmanager/mail.txt"
POLICY = ROOT / "demo/policy.yml"
REPAIRED_ALERT = "IncidentAppErrors"
IDLE_PLAYBOOK = """\
- name: Do nothing at all
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Say so
      ansible.builtin.debug:
        msg: This playbook was told to do nothing.
"""


def write(settings: Settings, state: State) -> None:
    """Write every file of the plan into the demo's folder, private to its owner."""
    (state.folder / "rules").mkdir()
    for path in sorted(RULES.glob("*.yml")):
        _write(state, f"rules/{path.name}", durations.shorten(path.read_text(encoding="utf-8")))
    _write(state, "prometheus.yml", yaml.safe_dump(_prometheus(settings)))
    _write(state, "alertmanager.yml", yaml.safe_dump(_alertmanager(settings, state)))
    _write(state, "policy.yml", _policy(settings))
    _write(state, "supervisord.conf", supervisord_configuration(programs(settings, state), state))
    if settings.sabotage == "token":
        _write(state, "secrets/wrong-token", secrets.token_urlsafe(32))
    if settings.sabotage == "playbook":
        folder = shutil.copytree(ROOT / "playbooks", playbooks(settings, state))
        (folder / "restart_oims.yml").write_text(IDLE_PLAYBOOK, encoding="utf-8")


def _prometheus(settings: Settings) -> dict[str, Any]:
    jobs = {
        "oims-app": "app-metrics",
        "oims-webhook": "webhook-metrics",
        "prometheus": "prometheus",
        "alertmanager": "alertmanager",
    }
    alertmanager = f"{HOST}:{settings.ports['alertmanager']}"
    return {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": ["rules/*.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [f"{HOST}:{settings.ports[part]}"]}]}
            for job, part in jobs.items()
        ],
    }


def _alertmanager(settings: Settings, state: State) -> dict[str, Any]:
    token = "wrong-token" if settings.sabotage == "token" else "webhook-token"
    webhook = {
        "url": f"{settings.url('webhook')}/",
        "send_resolved": True,
        "timeout": "10s",
        "http_config": {"authorization": {"credentials_file": str(state.secrets / token)}},
    }
    return {
        "route": {
            "receiver": "oims-webhook",
            "group_by": ["alertname"],
            "group_wait": "1s",
            "group_interval": "2s",
            "repeat_interval": "1h",
            "routes": [
                {"receiver": "nowhere", "matchers": ['alertname="Watchdog"']},
                {"receiver": "oims-mail", "matchers": ['alertname="IncidentMailsStopped"']},
            ],
        },
        "receivers": [
            {"name": "nowhere"},
            {"name": "oims-webhook", "webhook_configs": [webhook]},
            {"name": "oims-mail", "email_configs": [mail(settings.ports["smtp"])]},
        ],
    }


def mail(port: int) -> dict[str, Any]:
    """Return how Alertmanager mails by itself, as in the chart."""
    status = '{{ if eq .Status "firing" }}Open{{ else }}Resolved{{ end }}'
    return {
        "to": ON_CALL,
        "from": SENDER,
        "smarthost": f"{HOST}:{port}",
        "require_tls": False,
        "send_resolved": True,
        "headers": {"Subject": f"[OIMS] {status}: {{{{ .CommonAnnotations.summary }}}}"},
        "html": "",
        "text": MAIL.read_text(encoding="utf-8"),
    }


def _policy(settings: Settings) -> str:
    text = POLICY.read_text(encoding="utf-8")
    if settings.sabotage != "policy":
        return text
    policy = yaml.safe_load(text)
    policy["remedies"] = [remedy for remedy in policy["remedies"] if remedy["alert"] != REPAIRED_ALERT]
    return yaml.safe_dump(policy)


def _write(state: State, name: str, text: str) -> None:
    path = state.folder / name
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
