"""No stand-ins: a real webhook's log file, the real automation, a real playbook on a supervised process."""

import json
import os
import signal
import subprocess
import sys
import urllib.request

import pytest

from tests.playbooks.supervisor import BIN, ROOT, Supervisor
from tests.processes import free_port
from tests.shell.monitor import SCRIPT, eventually

POLICY = """
defaults: {mode: auto, timeout: 2m, verify: {within: 1m, hold: 1s}}
limits: {concurrent_runs: 2, runs_per_hour: 20, targets_per_hour: 5}
remedies:
  - alert: IncidentAppErrors
    playbook: restart_oims.yml
    target: {kind: Deployment, namespace: incident-mgmt, name: oims-app}
"""


@pytest.fixture
def supervisor(tmp_path_factory):
    running = Supervisor(tmp_path_factory.mktemp("s"))
    yield running
    running.stop()


@pytest.fixture
def settings(tmp_path, supervisor):
    port = free_port()
    (tmp_path / "policy.yml").write_text(POLICY)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "OIMS_WEBHOOK_BIND": f"127.0.0.1:{port}",
        "OIMS_WEBHOOK_METRICS_BIND": "127.0.0.1:0",
        "OIMS_WEBHOOK_TOKEN": "the-writer's-token-0123456789abcdef",
        "OIMS_WEBHOOK_READER_TOKEN": "the-reader's-token-0123456789abcdef",
        "OIMS_JOURNAL_TOKEN": "the-reader's-token-0123456789abcdef",
        "OIMS_EVENT_KEY": "the-event-key-0123456789abcdef-0123456789abcdef",
        "OIMS_APP_TOKEN": "nobody-listens",
        "OIMS_WEBHOOK_JOURNAL": str(tmp_path / "journal.db"),
        "OIMS_JOURNAL_URL": f"http://127.0.0.1:{port}",
        "OIMS_APP_URL": f"http://127.0.0.1:{free_port()}",
        "OIMS_LOG_FILE": str(tmp_path / "webhook.log"),
        "OIMS_STATE_DIR": str(tmp_path / "state"),
        "OIMS_POLICY": str(tmp_path / "policy.yml"),
        "OIMS_INVENTORY": "local",
        "OIMS_SUPERVISOR_URL": supervisor.url,
        "OIMS_PYTHON": sys.executable,
        "OIMS_STOP_GRACE": "5",
    }


@pytest.fixture
def webhook(settings, tmp_path):
    with (tmp_path / "webhook.log").open("ab") as log:
        process = subprocess.Popen([BIN / "python", "-m", "webhook"], cwd=ROOT, env=settings, stdout=log)
    yield process
    process.terminate()
    process.wait(timeout=30)


def post(settings, body):
    request = urllib.request.Request(  # noqa: S310 - http on this machine
        settings["OIMS_JOURNAL_URL"],
        data=json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {settings['OIMS_WEBHOOK_TOKEN']}",
            "Content-Type": "application/json",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status
    except OSError:
        return None


@pytest.mark.slow
@pytest.mark.usefixtures("webhook")
def test_an_alert_in_the_log_restarts_the_process_that_policy_names(settings, supervisor, tmp_path):
    before = supervisor.pid("app")
    said = tmp_path / "said"
    with said.open("wb") as output:
        monitor = subprocess.Popen([SCRIPT], env=settings, stdout=output, stderr=output)
    try:
        alert = {"status": "firing", "labels": {"alertname": "IncidentAppErrors"}}
        eventually(lambda: post(settings, {"alerts": [alert]}) == 200, "the webhook's answer")
        eventually(lambda: supervisor.pid("app") not in {0, before}, "a new process of the app")
        eventually(lambda: '"succeeded"' in said.read_text(), "the end of the run")
    finally:
        monitor.send_signal(signal.SIGTERM)
        status = monitor.wait(timeout=90)
    assert status == 0
    assert said.read_text().rstrip().endswith("stopped")
