"""Each part is killed, one after the other: a mail comes by a way that is left, once, and so does its end.

The real parts, rules and configurations, some thirty times as fast: docs/reliability.md has the table.
"""

import contextlib
import re
import subprocess

import pytest
import requests
import yaml

from demo.configs import mail
from tests.automation.conftest import ROOT
from tests.automation.installation import WRITER_TOKEN, Installation, policy
from tests.automation.test_signals import tool
from tests.processes import Process, free_port
from tests.sink import keeping
from tests.waiting import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
]

DEADLINE_S = 90
FIRES = {
    "webhook": "WebhookDown",
    "worker": "JournalLag",
    "app": "IncidentAppDown",
    "automation": "AutomationSilent",
}
"""What Prometheus says of a part that is dead."""
LATE = ("WebhookDown", "JournalLag")
"""They come by the way that is broken, when it is mended: here they are sent nowhere."""
RULES = {*FIRES.values(), "IncidentMailsStopped", "Watchdog"}
SPEED = {
    "OIMS_RECONCILE_INTERVAL": "1s",
    "OIMS_JOURNAL_SILENT_AFTER": "4s",
    "OIMS_WATCHDOG_SILENT_AFTER": "5s",
    "OIMS_WORKER_SILENT_AFTER": "4s",
    "OIMS_REOPEN_WINDOW": "0s",  # else the mails of the third outage within the hour are collected
    "OIMS_MAIL_TO": "oncall@example.org",
}
BY_WORKER = "OIMS #"
BY_ALERTMANAGER = "OIMS"
BY_WATCH = "OIMS watch"
OUTAGE = (BY_WORKER, "Alerts are not arriving")
STOPPED = (BY_ALERTMANAGER, "Incident mails have stopped")
WATCHED = (BY_WATCH, "OIMS")
TOLD = {
    "prometheus": {OUTAGE},
    "alertmanager": {OUTAGE},
    "webhook": {OUTAGE},
    "worker": {STOPPED, WATCHED},
    "app": {(BY_WORKER, "The incident app does not answer"), STOPPED, WATCHED},
    "automation": {(BY_WORKER, "The automation is silent")},
}
"""Who tells of a part that is dead, and of what."""
BEGINS = re.compile(r"\[(OIMS #|OIMS watch|OIMS)\d*] (?:Open: (.+)|(OIMS) can't notify people)")
ENDS = re.compile(r"\[(OIMS #|OIMS watch|OIMS)\d*] (?:Resolved: (.+)|Over: (OIMS) can notify people again)")


class Platform:
    """An installation with Prometheus, Alertmanager, a mail server and a watcher outside."""

    def __init__(self, folder, sink):
        self.sink, self._folder = sink, folder
        self._ports = {"prometheus": free_port(), "alertmanager": free_port()}
        self.oims = Installation(
            folder,
            policy(),
            **SPEED,
            OIMS_SMTP_HOST="127.0.0.1",
            OIMS_SMTP_PORT=str(sink.port),
            OIMS_ALERTMANAGER_URL=f"http://127.0.0.1:{self._ports['alertmanager']}",
        )
        self._servers, self._watch = {}, None
        self._write("rules.yml", {"groups": [{"name": "oims", "rules": list(_rules())}]})
        self._write("prometheus.yml", self._prometheus())
        self._write("alertmanager.yml", self._alertmanager())

    def begin(self):
        self.start("alertmanager")
        self.oims.begin()
        self.start("prometheus")
        self.oims.eventually(lambda: self.oims.rows("SELECT 1 FROM journal_cursor WHERE watchdog_at > 0"))
        token = self.oims.command("app", "token", "create", "watch", "--scope", "watch").split()[-1]
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self._folder),
            "OIMS_TOKEN": token,
            "OIMS_SMTP_HOST": "127.0.0.1",
            "OIMS_SMTP_PORT": str(self.sink.port),
            "OIMS_MAIL_TO": "oncall@example.org",
        }
        words = ("watch", self.oims.app, "--every", "1s", "--after", "4s")
        with (self._folder / "watch.log").open("ab") as log:
            self._watch = Process("cli", *words, env=environment, cwd=self._folder, stdout=log, stderr=log)

    def kill(self, part):
        if part in self._servers:
            server = self._servers.pop(part)
            server.kill()
            server.wait(10)
        else:
            self.oims.kill(part)

    def start(self, part):
        if part not in self._ports:
            self.oims.start(part)
            return
        port, folder = self._ports[part], self._folder
        options = {
            "prometheus": [
                f"--storage.tsdb.path={folder / 'tsdb'}",
                "--rules.alert.resend-delay=1s",
                # Else the first look is after five seconds, in which all seems to be away.
                "--scrape.discovery-reload-interval=100ms",
            ],
            "alertmanager": [f"--storage.path={folder / 'am'}", "--cluster.listen-address="],
        }[part]
        config, address = f"--config.file={folder / part}.yml", f"--web.listen-address=127.0.0.1:{port}"
        with (folder / f"{part}.log").open("ab") as log:
            self._servers[part] = subprocess.Popen(
                [tool(part), config, address, *options], stdout=log, stderr=log
            )

    def close(self):
        for server in self._servers.values():
            server.kill()
            server.wait(10)
        if self._watch is not None:
            self._watch.kill()
            self._watch.wait(10)
        self.oims.close()

    def fires(self, part):
        """Whether Prometheus says that the part is dead, where it has a rule for it."""
        url = f"http://127.0.0.1:{self._ports['prometheus']}/api/v1/alerts"
        alerts = requests.get(url, timeout=5).json()["data"]["alerts"] if part in FIRES else []
        return (FIRES.get(part), "firing") in {
            (alert["labels"]["alertname"], alert["state"]) for alert in alerts
        }

    def told(self, pattern, since):
        """Who has told of what by a mail since then, in order."""
        found = [pattern.match(subject) for subject in self.sink.subjects[since:]]
        return [(one[1], one[2] or one[3]) for one in found if one]

    def _prometheus(self):
        jobs = {"oims-app": self.oims.app_metrics, "oims-webhook": self.oims.webhook_metrics}
        every = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        target = f"127.0.0.1:{self._ports['alertmanager']}"
        return {
            "global": every,
            "rule_files": ["rules.yml"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": [target]}]}]},
            "scrape_configs": [
                {"job_name": job, "static_configs": [{"targets": [url.removeprefix("http://")]}]}
                for job, url in jobs.items()
            ],
        }

    def _alertmanager(self):
        hook = {
            "url": self.oims.webhook,
            "http_config": {"authorization": {"credentials": WRITER_TOKEN}},
        }
        return {
            "route": {
                "receiver": "oims-webhook",
                "group_by": ["alertname"],
                "group_wait": "0s",
                "group_interval": "1s",
                "routes": [
                    {"receiver": "nowhere", "matchers": [f'alertname=~"Watchdog|{"|".join(LATE)}"']},
                    {"receiver": "oims-mail", "matchers": ['alertname="IncidentMailsStopped"']},
                ],
            },
            "receivers": [
                {"name": "nowhere"},
                {"name": "oims-webhook", "webhook_configs": [hook]},
                {"name": "oims-mail", "email_configs": [mail(self.sink.port)]},
            ],
        }

    def _write(self, name, document):
        (self._folder / name).write_text(yaml.safe_dump(document))


def _rules():
    """Yield the shipped rules, faster."""
    for path in sorted((ROOT / "charts/oims/files/rules").glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                if rule["alert"] in RULES:
                    faster = {"expr": rule["expr"].replace("> 120", "> 4").replace("> 60", "> 4")}
                    yield rule | faster | ({"for": "2s"} if "for" in rule else {})


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    with keeping() as sink, contextlib.closing(Platform(tmp_path_factory.mktemp("told"), sink)) as platform:
        platform.begin()
        yield platform


def test_while_all_lives_nobody_gets_a_mail(platform):
    assert platform.sink.subjects == []


@pytest.mark.parametrize("part", TOLD)
@pytest.mark.fault("F14")
@pytest.mark.threat("T29")
def test_a_part_that_is_dead_is_told_by_those_that_live_once_and_so_is_its_end(platform, part):
    since = len(platform.sink.mails)
    platform.kill(part)
    until(lambda: set(platform.told(BEGINS, since)) >= TOLD[part], DEADLINE_S)
    until(lambda: platform.fires(part) is (part in FIRES), DEADLINE_S)
    platform.start(part)
    until(lambda: set(platform.told(ENDS, since)) >= TOLD[part], DEADLINE_S)
    until(lambda: not platform.fires(part), DEADLINE_S)

    assert sorted(platform.told(BEGINS, since)) == sorted(TOLD[part])
    assert sorted(platform.told(ENDS, since)) == sorted(TOLD[part])
    assert len(platform.sink.mails) == since + 2 * len(TOLD[part])
