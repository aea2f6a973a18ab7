"""One alert's life, told to the app as the journal and the automation would, at chosen times."""

import hashlib
from datetime import datetime, timedelta

import time_machine

from app.alerts import intake
from app.alerts.events import JournalEvent
from app.automation import service as automation
from app.config import Settings
from app.database import transaction
from app.incidents import queries
from app.records.incidents import Incident
from contract.reports import DecisionReport, RunReport

TARGET = {"kind": "Deployment", "namespace": "shop", "name": "api"}
TASKS = [
    {"name": "Check the target", "status": "ok", "duration_s": 0.4},
    {"name": "Restart the rollout", "status": "changed", "duration_s": 0.6},
    {"name": "Wait until ready", "status": "ok", "duration_s": 12.7},
]
OUTPUT = "changed: [cluster] => kubectl.kubernetes.io/restartedAt: 2026-11-23T14:02:12Z\n"


class Alert:
    """One alert that fires at `at` (aware), told to the app as the journal and the automation would."""

    seq = 0

    def __init__(self, settings: Settings, name: str, at: datetime, **fields: dict[str, str]) -> None:
        self.settings = settings
        self.name = name
        self.at = at
        self.labels = {"alertname": name, **fields.get("labels", {})}
        self.annotations = fields.get("annotations", {})
        self.fingerprint = hashlib.sha256(repr(sorted(self.labels.items())).encode()).hexdigest()[:16]
        self.episode = hashlib.sha256(f"{self.fingerprint}{at}".encode()).hexdigest()
        self.version = 0

    def _event(self, status: str, seconds: float) -> None:
        Alert.seq += 1
        at = self.at + timedelta(seconds=seconds)
        event = JournalEvent(
            id=self.episode if status == "firing" else f"{self.episode}-end",
            seq=Alert.seq,
            episode=self.episode,
            source="alertmanager",
            status=status,
            fingerprint=self.fingerprint,
            received_at=at,
            starts_at=self.at,
            labels=self.labels,
            annotations=self.annotations,
            generator_url="http://prometheus.example.org/graph?g0.expr=errors",
        )
        with time_machine.travel(at, tick=False), transaction():
            intake.take_in([event], self.settings)

    def fires(self, after: float = 4) -> Incident:
        self._event("firing", after)
        return self.incident

    def ends(self, after: float) -> Incident:
        self._event("resolved", after)
        return self.incident

    @property
    def incident(self) -> Incident:
        found = queries.of_episode(self.episode)
        assert found is not None
        return found

    def decided(self, decision: str, detail: str, after: float = 5, **fields: object) -> None:
        at = self.at + timedelta(seconds=after)
        report = DecisionReport(
            id=f"{self.episode}-{decision}-{after}",
            episode=self.episode,
            event_id=self.episode,
            seq=Alert.seq,
            fingerprint=self.fingerprint,
            alertname=self.name,
            decision=decision,
            detail=detail,
            decided_at=at,
            **({"remedy": "shop-errors", "playbook": "restart_oims.yml", "target": TARGET} | fields),
        )
        with time_machine.travel(at, tick=False):
            automation.take_decision(report)

    def ran(self, state: str, after: float = 5, **fields: object) -> None:
        self.version += 1
        at = self.at + timedelta(seconds=after)
        report = RunReport(
            **(
                {
                    "id": f"run-{self.episode[:12]}",
                    "version": self.version,
                    "episode": self.episode,
                    "event_id": self.episode,
                    "seq": Alert.seq,
                    "fingerprint": self.fingerprint,
                    "alertname": self.name,
                    "remedy": "shop-errors",
                    "playbook": "restart_oims.yml",
                    "target": TARGET,
                    "mode": "auto",
                    "attempt": 1,
                    "state": state,
                    "queued_at": at,
                    "started_at": at,
                }
                | fields
            )
        )
        with time_machine.travel(at + timedelta(seconds=1), tick=False):
            automation.take_run(report)

    def finished(self, state: str, after: float, **fields: object) -> None:
        self.ran(
            state,
            **(
                {
                    "finished_at": self.at + timedelta(seconds=after),
                    "duration_s": after - 5,
                    "tasks": TASKS,
                    "output_tail": OUTPUT,
                    "exit_code": 0,
                }
                | fields
            ),
        )
