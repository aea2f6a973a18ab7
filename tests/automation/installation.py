"""The whole of OIMS as processes on this machine: webhook, app, worker, automation, real playbooks."""

import contextlib
import html
import json
import os
import re
import signal
import sqlite3
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import requests

from tests.automation.conftest import ROOT, write_playbooks
from tests.automation.doubles import APP_TOKEN, KEY, READER_TOKEN
from tests.processes import Process, free_port, run
from tests.waiting import until

WRITER_TOKEN = "writer-token-of-the-tests-0123456789"
ADMIN = {"email": "ann@example.com", "password": "correct horse battery staple"}
PARTS = {
    "webhook": ("webhook",),
    "app": ("app", "web"),
    "worker": ("app", "worker"),
    "automation": ("automation", "follow"),
}
SECONDS = 60


class Installation:
    """Every part but Prometheus and Alertmanager; the test delivers alerts as Alertmanager does."""

    def __init__(self, folder: Path, policy: str, **settings: str):
        self.folder, self._processes = folder, {}
        self._nudges, self._nudged_at = 0, 0.0
        ports = {
            part: free_port() for part in ("webhook", "app", "metrics", "app_metrics", "webhook_metrics")
        }
        self.webhook, self.app, self.metrics, self.app_metrics, self.webhook_metrics = (
            f"http://127.0.0.1:{port}" for port in ports.values()
        )
        self.playbooks = write_playbooks(folder, policy)
        self._env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "OIMS_WEBHOOK_BIND": f"127.0.0.1:{ports['webhook']}",
            "OIMS_WEBHOOK_METRICS_BIND": f"127.0.0.1:{ports['webhook_metrics']}",
            "OIMS_WEBHOOK_TOKEN": WRITER_TOKEN,
            "OIMS_WEBHOOK_READER_TOKEN": READER_TOKEN,
            "OIMS_WEBHOOK_JOURNAL": str(folder / "journal.db"),
            "OIMS_EVENT_KEY": KEY,
            "OIMS_DATABASE_URL": f"sqlite:///{folder / 'site.db'}",
            "OIMS_SECRET_KEY": "a-secret-key-of-the-tests-0123456789abcdef",
            "OIMS_BIND": f"127.0.0.1:{ports['app']}",
            "OIMS_BASE_URL": self.app,
            "OIMS_AUTOMATION_TOKEN": APP_TOKEN,
            "OIMS_JOURNAL_URL": self.webhook,
            "OIMS_JOURNAL_TOKEN": READER_TOKEN,
            "OIMS_APP_URL": self.app,
            "OIMS_APP_TOKEN": APP_TOKEN,
            "OIMS_STATE_DIR": str(folder / "state"),
            "OIMS_PLAYBOOKS": str(self.playbooks),
            "OIMS_INVENTORY": "local",
            "OIMS_INSTANCE": "test",
            "OIMS_REPORT_HEARTBEAT": "500ms",
            "OIMS_METRICS_BIND": f"127.0.0.1:{ports['metrics']}",
            "OIMS_STOP_GRACE": "1",
        } | settings
        # The app and the automation know a setting of the same name.
        self._envs = {"app": {"OIMS_METRICS_BIND": f"127.0.0.1:{ports['app_metrics']}"}}

    def begin(self, *parts: str) -> None:
        """Make the app's database and start the parts, all of them unless some are named."""
        self.command("app", "migrate")
        words = ("app", "user", "create", ADMIN["email"], "--name", "Ann", "--role", "admin")
        self.command(*words, typed=ADMIN["password"])
        for part in parts or PARTS:
            self.start(part)
        if not parts or "automation" in parts:
            until(lambda: "heartbeat_timestamp" in self.scrape(self.app_metrics), SECONDS)

    def command(self, *words: str, typed: str = "") -> str:
        """Run a command of a part and return what it prints."""
        done = run(*words, env=self._env, cwd=self.folder, given=typed)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self, part: str, *, is_awaited: bool = True) -> None:
        """Start a part; one with an address has to answer before this returns, unless it is not awaited."""
        with self.log_path(part).open("ab") as log:
            self._processes[part] = Process(
                *PARTS[part],
                env=self._env | self._envs.get(part, {}),
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        if is_awaited:
            self.wait_until_up(part)

    def wait_until_up(self, part: str) -> None:
        """Wait until a part answers, if it has an address."""
        address = {
            "webhook": self.webhook_metrics,
            "app": self.app_metrics,
            "automation": self.metrics,
        }.get(part)
        if address:
            until(lambda: self.scrape(address), SECONDS)

    def pid(self, part: str) -> int:
        """The process id of a part, which leads its session."""
        return self._processes[part].pid

    def kill(self, part: str) -> None:
        """End a part as a power cut does."""
        process = self._processes.pop(part)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()  # one that has only just begun leads no group yet
        process.wait(60)

    def close(self) -> None:
        """End every part."""
        for part in list(self._processes):
            self.kill(part)

    def log_path(self, part: str) -> Path:
        """Where a part's log lies."""
        return self.folder / f"{part}.log"

    def scrape(self, address: str) -> str:
        """What a part tells Prometheus; nothing while it does not answer."""
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"{address}/metrics", timeout=5).text
        return ""

    def deliver(self, alertname: str, status: str = "firing", started: int = 0, **labels: str) -> dict:
        """Post an alert as Alertmanager does; another `started` is another episode."""
        alert = {
            "status": status,
            "labels": {"alertname": alertname, **labels},
            "startsAt": f"2026-11-23T15:{started // 60:02}:{started % 60:02}Z",
            "endsAt": "2026-11-23T16:00:00Z" if status == "resolved" else "0001-01-01T00:00:00Z",
        }
        headers = {"Authorization": f"Bearer {WRITER_TOKEN}"}
        answer = requests.post(self.webhook, json={"alerts": [alert]}, headers=headers, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def try_to_deliver(self, *alert: str, **labels) -> bool:
        """Post an alert; say whether it was acknowledged."""
        with contextlib.suppress(requests.RequestException, AssertionError):
            return bool(self.deliver(*alert, **labels))
        return False

    def rows(self, query: str, *values: object) -> list[tuple]:
        """Read the app's database while the app runs."""
        return self._read("site.db", query, values)

    def journal_rows(self, query: str, *values: object) -> list[tuple]:
        """Read the webhook's journal."""
        return self._read("journal.db", query, values)

    def each_in_journal(self, query: str) -> Iterator[tuple]:
        """Read the journal row by row."""
        with contextlib.closing(sqlite3.connect(self.folder / "journal.db")) as connection:
            yield from connection.execute(query)

    def ledger_rows(self, query: str, *values: object) -> list[tuple]:
        """Read automation's ledger."""
        return self._read("state/ledger.db", query, values)

    def decisions(self, alertname: str) -> list[tuple[str, str | None]]:
        """What the app knows of decisions about an alert, in order."""
        query = "SELECT decision, reason FROM decisions WHERE alertname = ? ORDER BY decided_at, rowid"
        return self.rows(query, alertname)

    def runs(self, alertname: str) -> list[tuple[str, str | None]]:
        """State and verdict of the repairs of an alert that the app knows."""
        query = "SELECT state, verification FROM runs WHERE alertname = ? AND attempt > 0 ORDER BY queued_at"
        return self.rows(query, alertname)

    def repaired(self, name: str) -> int:
        """How often the playbook has really repaired a target."""
        path = self.folder / "repaired"
        lines = path.read_text().splitlines() if path.exists() else []
        return sum(line.split()[0] == name for line in lines)

    def eventually(self, look, seconds: float = SECONDS, *, nudge: bool = False):
        """Wait for something to come true and return it; with `nudge` the journal goes on meanwhile."""
        return until(lambda: self._nudge() or look(), seconds) if nudge else until(look, seconds)

    def _nudge(self) -> None:
        """Let an alert without a remedy come or go, once in a second."""
        if time.monotonic() > self._nudged_at + 1:
            self._nudged_at, self._nudges = time.monotonic(), self._nudges + 1
            status = "firing" if self._nudges % 2 else "resolved"
            self.deliver("Nudge", status, started=self._nudges // 2)

    def _read(self, name: str, query: str, values: tuple) -> list[tuple]:
        address = f"file:{self.folder / name}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=10)) as connection:
            return connection.execute(query, values).fetchall()


class Person:
    """Somebody at a browser without JavaScript: reads pages, submits their forms."""

    def __init__(self, address: str):
        self._address, self._session = address, requests.Session()
        self._session.trust_env = False
        self.submit("/login", "/login", **ADMIN)

    def read(self, path: str) -> str:
        """The text of a page."""
        text = html.unescape(re.sub(r"<[^>]+>", " ", self._get(path)))
        return re.sub(r" (?=[.,?])", "", " ".join(text.split()))

    def submit(self, page: str, action: str, **fields: str) -> None:
        """Fill in and send the form of a page that leads to an address."""
        forms = _Forms(page, self._get(page)).found
        form = next(form for form in forms if action in form["leads_to"])
        answer = self._session.post(
            self._address + action,
            data=form["fields"] | fields,
            headers={"Referer": self._address + page},
            timeout=20,
        )
        assert answer.ok, answer.text[:2000]

    def _get(self, path: str) -> str:
        answer = self._session.get(self._address + path, timeout=20)
        assert answer.ok, answer.text[:2000]
        return answer.text


class _Forms(HTMLParser):
    """The forms of a page with what they hold already."""

    def __init__(self, page: str, text: str):
        super().__init__()
        self.found, self._page = [], page
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "form":
            self.found.append({"leads_to": {given.get("action", self._page)}, "fields": {}})
        elif self.found and given.get("type") == "hidden":
            self.found[-1]["fields"][given["name"]] = given.get("value", "")
        elif self.found and "formaction" in given:
            self.found[-1]["leads_to"].add(given["formaction"])


def policy(*remedies: dict, **limits: object) -> str:
    """A policy that keeps nothing back but what the remedies say."""
    document = {
        "defaults": {
            "cooldown": "0s",
            "max_runs_per_hour": 1000,
            "max_runs_per_day": 1000,
            "timeout": "1m",
            "verify": {"within": "1m", "hold": "1s"},
            "flapping": {"episodes": 1000, "within": "30m"},
        },
        "limits": {"concurrent_runs": 10, "runs_per_hour": 1000, "targets_per_hour": 1000} | limits,
        "remedies": [
            {
                "playbook": "repair.yml",
                "target": {"kind": "Deployment", "namespace": "shop", "name": remedy["alert"].lower()},
            }
            | remedy
            for remedy in remedies
        ],
    }
    return json.dumps(document)
