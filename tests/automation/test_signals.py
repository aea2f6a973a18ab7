"""The hazards that need a real Prometheus and Alertmanager: windows, lost ends, and parts that go away."""

import http.server
import json
import shutil
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from tests.automation.conftest import ROOT
from tests.automation.installation import WRITER_TOKEN, Installation, policy
from tests.processes import free_port
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FAULTS = ("windowed", "silenced", "cut-metrics", "cut-alerts")
RULES = """\
groups:
  - name: test
    interval: 1s
    rules:
      - {alert: Watchdog, expr: vector(1)}
      - alert: Windowed
        expr: avg_over_time(fault{kind="windowed"}[8s]) > 0
        annotations: {oims_window: 8s}
      - {alert: Silenced, expr: 'fault{kind="silenced"} > 0'}
      - {alert: CutMetrics, expr: 'fault{kind="cut-metrics"} > 0'}
      - {alert: CutAlerts, expr: 'fault{kind="cut-alerts"} > 0'}
"""
MEND = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Repair
      ansible.builtin.raw: >-
        cd '{{ test_folder }}'; rm -f 'faults/{{ oims_target_name }}';
        echo {{ oims_target_name }} >> repaired
"""
IDLE = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.raw: "echo {{ oims_target_name }} >> '{{ test_folder }}/repaired'"
"""


def tool(name):
    built = ROOT / ".tools/bin" / name
    found = str(built) if built.exists() else shutil.which(name)
    assert found, f"{name} is missing: run `make tools`"
    return found


class Metrics(http.server.BaseHTTPRequestHandler):
    """A workload whose faults are files."""

    def do_GET(self):
        lines = [f'fault{{kind="{name}"}} {int((self.server.faults / name).exists())}' for name in FAULTS]
        body = "\n".join([*lines, ""]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Signals:
    """Prometheus and Alertmanager with short times, on ports that stay the same over restarts."""

    def __init__(self, folder: Path, metrics: int, alertmanager: int, webhook: str):
        self.folder, self._processes = folder, {}
        ports = {"prometheus": free_port(), "alertmanager": alertmanager}
        (folder / "token").write_text(WRITER_TOKEN)
        (folder / "rules.yml").write_text(RULES)
        (folder / "prometheus.yml").write_text(
            json.dumps(
                {
                    "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                    "rule_files": ["rules.yml"],
                    "alerting": {
                        "alertmanagers": [
                            {"static_configs": [{"targets": [f"127.0.0.1:{ports['alertmanager']}"]}]}
                        ]
                    },
                    "scrape_configs": [
                        {"job_name": "shop", "static_configs": [{"targets": [f"127.0.0.1:{metrics}"]}]}
                    ],
                }
            )
        )
        hook = {
            "url": webhook,
            "http_config": {"authorization": {"credentials_file": str(folder / "token")}},
        }
        route = {"group_by": ["alertname"], "group_wait": "100ms", "group_interval": "1s"}
        (folder / "alertmanager.yml").write_text(
            json.dumps(
                {
                    "route": {"receiver": "oims-webhook", **route},
                    "receivers": [{"name": "oims-webhook", "webhook_configs": [hook]}],
                }
            )
        )
        self._commands = {
            "prometheus": [
                tool("prometheus"),
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{ports['prometheus']}",
                "--rules.alert.resend-delay=1s",
            ],
            "alertmanager": [
                tool("alertmanager"),
                f"--config.file={folder / 'alertmanager.yml'}",
                f"--storage.path={folder / 'am'}",
                f"--web.listen-address=127.0.0.1:{ports['alertmanager']}",
                "--cluster.listen-address=",
            ],
        }
        self._ports = ports

    def start(self, name):
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(self._commands[name], stdout=log, stderr=log)
        until(lambda: self._is_ready(name), 30)

    def silence(self, alertname, comment):
        """What a person does in Alertmanager's pages; the silence's address is returned, to end it."""
        address = f"http://127.0.0.1:{self._ports['alertmanager']}/api/v2/silence"
        moment = datetime.now(UTC)
        document = {
            "matchers": [{"name": "alertname", "value": alertname, "isRegex": False, "isEqual": True}],
            "startsAt": moment.isoformat(),
            "endsAt": (moment + timedelta(hours=1)).isoformat(),
            "createdBy": "ann",
            "comment": comment,
        }
        made = requests.post(f"{address}s", json=document, timeout=5)
        return f"{address}/{made.json()['silenceID']}"

    def kill(self, name):
        process = self._processes.pop(name)
        process.kill()
        process.wait(10)

    def close(self):
        for name in list(self._processes):
            self.kill(name)

    def _is_ready(self, name):
        try:
            return requests.get(f"http://127.0.0.1:{self._ports[name]}/-/ready", timeout=2).ok
        except requests.RequestException:
            return False


@pytest.fixture(scope="module")
def signals(tmp_path_factory):
    """Prometheus, Alertmanager, the whole of OIMS, and a workload to break."""
    folder = tmp_path_factory.mktemp("signals")
    faults = folder / "faults"
    faults.mkdir()
    port = free_port()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Metrics)
    server.faults = faults
    threading.Thread(target=server.serve_forever, daemon=True).start()
    slow = {"verify": {"within": "12s", "hold": "8s"}, "playbook": "idle.yml"}
    alertmanager = free_port()
    oims = Installation(
        folder,
        policy(
            {"alert": "Windowed", "target": _target("windowed"), "verify": {"within": "1s"}},
            {"alert": "Silenced", "target": _target("silenced")},
            {"alert": "CutMetrics", "target": _target("cut-metrics"), **slow},
            {"alert": "CutAlerts", "target": _target("cut-alerts"), **slow},
        ),
        OIMS_RECONCILE_INTERVAL="500ms",
        OIMS_RECONCILE_GONE_AFTER="6s",
        OIMS_SIGNAL_TIMEOUT="5s",
        OIMS_ALERTMANAGER_URL=f"http://127.0.0.1:{alertmanager}",
    )
    one = Signals(folder, port, alertmanager, oims.webhook)
    (oims.playbooks / "repair.yml").write_text(MEND)
    (oims.playbooks / "idle.yml").write_text(IDLE)
    one.oims, one.faults = oims, faults
    one.start("alertmanager")
    oims.begin()
    one.start("prometheus")
    yield one
    one.close()
    oims.close()
    server.shutdown()
    server.server_close()


def _target(name):
    return {"kind": "Deployment", "namespace": "shop", "name": name}


def test_a_rule_over_a_window_that_fires_on_after_the_repair_gives_exactly_one_run(signals):
    """The fault ends with the run; the average stays above zero for eight seconds more, `within` is one."""
    oims = signals.oims
    (signals.faults / "windowed").touch()
    oims.eventually(lambda: oims.runs("Windowed") == [("succeeded", "verified")], nudge=True)
    assert oims.repaired("windowed") == 1
    assert [one for one in oims.decisions("Windowed") if one[0] == "run"] == [("run", None)]


def test_an_alert_that_was_silenced_since_it_fired_waits_for_the_end_of_the_silence(signals):
    """No event tells of a silence: it is asked for just before a run."""
    oims = signals.oims
    oims.command("automation", "pause")
    (signals.faults / "silenced").touch()
    oims.eventually(lambda: oims.decisions("Silenced") == [("deferred", "paused")])
    silence = signals.silence("Silenced", "Moving the disks")
    oims.command("automation", "resume")
    oims.eventually(lambda: oims.decisions("Silenced")[-1] == ("deferred", "maintenance"))
    detail = "SELECT detail FROM decisions WHERE alertname = 'Silenced' AND reason = 'maintenance'"
    ((told,),) = oims.rows(detail)
    assert told.startswith("The alert is silenced in Alertmanager by ann until 20")
    assert told.endswith(": Moving the disks.")
    assert oims.runs("Silenced") == []
    requests.delete(silence, timeout=5)
    oims.eventually(lambda: [state for state, _ in oims.runs("Silenced")] == ["succeeded"])
    assert oims.repaired("silenced") == 1


@pytest.mark.fault("F14")
def test_prometheus_away_after_a_repair_proves_nothing(signals):
    """Alertmanager lets its alerts end when nobody repeats them: that is no repair."""
    oims = signals.oims
    (signals.faults / "cut-metrics").touch()
    oims.eventually(lambda: [state for state, _ in oims.runs("CutMetrics")] == ["succeeded"])
    signals.kill("prometheus")
    oims.eventually(lambda: oims.runs("CutMetrics") == [("succeeded", "inconclusive")])
    oims.eventually(lambda: oims.decisions("CutMetrics")[-1] == ("declined", "attempts_exhausted"))
    (signals.faults / "cut-metrics").unlink()
    signals.start("prometheus")


def test_alertmanager_away_proves_nothing_and_an_end_that_was_lost_is_found(signals):
    oims = signals.oims
    (signals.faults / "cut-alerts").touch()
    oims.eventually(lambda: [state for state, _ in oims.runs("CutAlerts")] == ["succeeded"])
    signals.kill("alertmanager")
    (signals.faults / "cut-alerts").unlink()
    oims.eventually(lambda: oims.runs("CutAlerts") == [("succeeded", "inconclusive")], nudge=True)
    state = "SELECT state FROM incidents WHERE alertname = 'CutAlerts'"
    assert oims.rows(state) == [("open",)]
    shutil.rmtree(signals.folder / "am")  # what it had not delivered yet is gone
    signals.start("alertmanager")
    oims.eventually(lambda: oims.rows(state) == [("resolved",)])
    source = "SELECT body FROM journal_events WHERE body LIKE '%CutAlerts%' ORDER BY seq DESC LIMIT 1"
    assert '"reconcile"' in oims.journal_rows(source)[0][0]
