"""The scenario: break the app, watch it being repaired, then send an alert that the policy does not name."""

from datetime import UTC, datetime, timedelta
from typing import Any

from demo.configs import REPAIRED_ALERT
from demo.parts import Parts
from demo.plan import ON_CALL
from demo.steps import Refuted, Step
from demo.supervisor import Supervisor

FOREIGN_ALERT = "BackupTooOld"


class Repair:
    """The first half: a fault, its alert, the repair, the proof."""

    def __init__(self, parts: Parts, supervisor: Supervisor) -> None:
        self._parts, self._supervisor = parts, supervisor
        self._old_pid = supervisor.pid("app")
        self._event: dict[str, Any] = {}
        self._run: dict[str, Any] = {}
        self.incident: dict[str, Any] = {}

    def steps(self) -> list[Step]:
        """Return what has to be seen, in order."""
        return [
            Step("the app fails", 10, "app", self._app_fails, "bad"),
            Step("alert firing in Prometheus", 40, "prometheus", self._alert_fires, "bad"),
            Step("alert delivered to the webhook", 20, "alertmanager", self._delivered),
            Step("incident opened", 20, "worker", self._incident_opened),
            Step("decision to run a playbook", 20, "monitor", self._decided, "robot"),
            Step("playbook started", 20, "monitor", self._playbook_started, "robot"),
            Step("process restarted", 40, "monitor", self._restarted, "robot"),
            Step("playbook finished", 40, "monitor", self._playbook_finished, "robot"),
            Step("alert resolved", 60, "prometheus", self._alert_resolved, "good"),
            Step("incident resolved", 30, "worker", self._incident_resolved, "good"),
            Step("verdict after the hold", 60, "monitor", self._verdict, "good"),
            Step("mails in the sink", 30, "worker", self._mails),
        ]

    def _app_fails(self) -> str | None:
        status = self._parts.page_status()
        return f"The app fails: a visitor gets {status}" if status >= 500 else None  # noqa: PLR2004 - server errors

    def _alert_fires(self) -> str | None:
        alert = self._parts.firing(REPAIRED_ALERT)
        if alert is None:
            return None
        return f"Prometheus: {REPAIRED_ALERT} is firing. {alert['annotations']['description']}"

    def _delivered(self) -> str | None:
        events, answers = self._parts.events(REPAIRED_ALERT, "firing"), self._parts.webhook_answers()
        refused = [status for status in answers if status in {401, 403}]
        if refused:
            raise Refuted(f"The webhook answers Alertmanager {refused[-1]}: its token is wrong.")
        if not events or not answers:
            return None
        self._event = events[0]
        return f"Webhook: alert delivered, in the journal as seq {self._event['seq']}, answered {answers[-1]}"

    def _incident_opened(self) -> str | None:
        """By its mail: the app's pages fail at this moment, its worker does not."""
        title = self._event["annotations"]["summary"]
        mail = next((mail for mail in self._parts.mails() if title in mail.subject), None)
        return f"Incident opened, {ON_CALL} has the mail: {mail.subject}" if mail else None

    def _decided(self) -> str | None:
        said = self._parts.automation_said("decided", episode=self._event["episode"])
        if said and said["decision"] == "declined":
            raise Refuted(f"Automation declined: {said['detail']}")
        return f"Automation decided to run. {said['detail']}" if said and said["decision"] == "run" else None

    def _playbook_started(self) -> str | None:
        said = self._parts.automation_said("run_started")
        if said is None:
            return None
        self._run = said
        return f"Playbook {said['playbook']} started on {said['target']}, attempt {said['attempt']}"

    def _restarted(self) -> str | None:
        pid = self._supervisor.pid("app")
        if pid == self._old_pid:
            self._refute_useless_run()
        if pid in {None, self._old_pid} or not self._parts.is_ready("app", "/readyz"):
            return None
        return f"The app runs as a new process: {pid}, before {self._old_pid}"

    def _refute_useless_run(self) -> None:
        said = self._parts.automation_said("run_finished", run=self._run["run"])
        if said:
            raise Refuted(f"The playbook {said['state']}, and the app is still process {self._old_pid}.")

    def _playbook_finished(self) -> str | None:
        said = self._parts.automation_said("run_finished", run=self._run["run"])
        if said is None:
            return None
        if said["state"] != "succeeded":
            raise Refuted(f"The playbook {said['state']}.")
        return f"Playbook finished after {said['duration_s']:.1f} s: {said['state']}"

    def _alert_resolved(self) -> str | None:
        events = self._parts.events(REPAIRED_ALERT, "resolved")
        if not events or self._parts.firing(REPAIRED_ALERT):
            return None
        return f"Prometheus: {REPAIRED_ALERT} has resolved, in the journal as seq {events[-1]['seq']}"

    def _incident_resolved(self) -> str | None:
        incident = self._parts.incident(REPAIRED_ALERT)
        if incident is None or incident["state"] != "resolved":
            return None
        self.incident = incident
        return f"Incident #{incident['id']} is resolved"

    def _verdict(self) -> str | None:
        incident = self._parts.incident(REPAIRED_ALERT)
        verdict = incident and incident["verdict"]
        if verdict in {None, "pending"}:
            return None
        if verdict != "verified":
            raise Refuted(f"The verdict is {verdict}.")
        said = self._parts.automation_said("verdict", run=self._run["run"])
        return f"Verdict: verified. {said['detail'] if said else ''}"

    def _mails(self) -> str | None:
        """Wait for the last one, which tells the verdict."""
        prefix = f"[OIMS #{self.incident['id']}]"
        mails = [mail for mail in self._parts.mails() if mail.subject.startswith(prefix)]
        if not any(mail.subject.startswith(f"{prefix} Repaired") for mail in mails):
            return None
        return "\n".join(["Mails in the sink:", *(f"to {mail.recipients}: {mail.subject}" for mail in mails)])


class Refusal:
    """The second half: an alert that nobody allowed the automation to act on."""

    def __init__(self, parts: Parts, supervisor: Supervisor) -> None:
        self._parts, self._supervisor = parts, supervisor
        self._pid = supervisor.pid("app")
        self.incident: dict[str, Any] = {}

    def send(self) -> None:
        """Send the alert to Alertmanager; it burns until tomorrow."""
        ends_at = datetime.now(UTC) + timedelta(days=1)
        self._parts.send_alert(
            {
                "labels": {"alertname": FOREIGN_ALERT, "severity": "medium", "instance": "db-1"},
                "annotations": {
                    "summary": "The last backup of db-1 is 3 days old",
                    "description": "The demo sent this alert. No remedy of the policy names it.",
                },
                "endsAt": ends_at.isoformat(),
            }
        )

    def steps(self) -> list[Step]:
        """Return what has to be seen, in order."""
        return [
            Step("second alert delivered to the webhook", 20, "alertmanager", self._delivered, "bad"),
            Step("second incident opened", 20, "worker", self._incident_opened),
            Step("refusal recorded on the incident", 30, "monitor", self._refused, "robot"),
            Step("no run for the second alert", 10, "monitor", self._nothing_ran, "good"),
        ]

    def _delivered(self) -> str | None:
        events = self._parts.events(FOREIGN_ALERT, "firing")
        return f"Webhook: {FOREIGN_ALERT} delivered, seq {events[0]['seq']}" if events else None

    def _incident_opened(self) -> str | None:
        incident = self._parts.incident(FOREIGN_ALERT)
        if incident is None:
            return None
        self.incident = incident
        return f"Incident #{incident['id']} opened: {incident['title']}"

    def _refused(self) -> str | None:
        entries = self._parts.timeline(self.incident["id"])
        refusals = [entry for entry in entries if entry["kind"] == "decision"]
        if not refusals:
            return None
        if refusals[0]["data"].get("reason") != "not_in_policy":
            raise Refuted(f"The timeline says: {refusals[0]['summary']}")
        return f"On its timeline: {refusals[0]['summary']}"

    def _nothing_ran(self) -> str | None:
        runs = [entry for entry in self._parts.timeline(self.incident["id"]) if entry["kind"] == "run"]
        if runs or self._supervisor.pid("app") != self._pid:
            raise Refuted("Something ran all the same.")
        return f"No playbook ran, the app is still process {self._pid}; a person has to look"
