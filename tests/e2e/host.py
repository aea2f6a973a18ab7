"""The monitor on this host, with what `make host-setup` writes and nothing else."""

import json
import os
import signal
import subprocess

import yaml

from tests.e2e.cluster import ROOT, run
from tests.e2e.patience import patient

STOP_SECONDS = 120


class HostMonitor:
    """`scripts/monitor_alerts.sh` for a release; its words are in `log`."""

    def __init__(self, folder, release):
        self.log = folder / "monitor.log"
        self._policy = folder / "policy.yml"
        self._host, self._state = folder / "host", folder / "state"
        self._names = {"OIMS_NAMESPACE": release.namespace.name, "OIMS_RELEASE": release.name}
        self._process = None

    def set_up(self):
        """Write the host's folder with the rights of the current context."""
        # The names are given as settings, like a person would.
        run("make", "host-setup", environment={**self._names, "OIMS_HOST_DIR": str(self._host)}, cwd=ROOT)
        return self

    def start(self, policy):
        """Start the monitor. It sees no KUBECONFIG and no home of ours."""
        self._policy.write_text(yaml.safe_dump(policy), encoding="utf-8")
        environment = {
            **self._names,
            "PATH": os.environ["PATH"],
            "HOME": str(self._state.parent),
            "OIMS_HOST_DIR": str(self._host),
            "OIMS_STATE_DIR": str(self._state),
            "OIMS_POLICY": str(self._policy),
            "OIMS_INSTANCE": "e2e",
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [ROOT / "scripts/monitor_alerts.sh"], env=environment, stdout=log, stderr=log, cwd="/"
            )
        return self

    def kubectl(self, *arguments):
        """Run kubectl with the monitor's rights; return whether it succeeded."""
        command = ["kubectl", "--kubeconfig", self._host / "kubeconfig", *arguments]
        return subprocess.run(command, capture_output=True, check=False, timeout=patient(60)).returncode == 0

    def said(self, event, **fields):
        """Return the lines of the automation's log that tell an event with these fields."""
        lines = []
        for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines():
            if not line.startswith("{"):
                continue
            try:
                told = json.loads(line)
            except ValueError:
                continue  # still being written
            if told.get("event") == event and fields.items() <= told.items():
                lines.append(told)
        return lines

    def finished(self, playbook, **fields):
        """Return the lines of the automation's log about the ends of a playbook's runs."""
        started = {line["run"] for line in self.said("run_started", playbook=playbook)}
        return [line for line in self.said("run_finished", **fields) if line["run"] in started]

    def stop(self):
        """End it as systemd does; return its exit status."""
        if self._process is None:
            return None
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(patient(STOP_SECONDS))
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
