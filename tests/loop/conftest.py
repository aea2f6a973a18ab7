"""An installation of real processes on free ports, and the sums that must be right after any fault."""

import contextlib
import mailbox
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from demo.embedded import running
from demo.parts import Parts
from demo.settings import PORTS, ROOT, Settings
from demo.state import API_TOKEN, State
from tests.doctor.checkup import assert_sound

SETTLE_SECONDS = 150
"""Patience, not speed: other tests keep the processors busy meanwhile."""
OF_THE_DEAD = """
    SELECT message_id FROM outbox_messages WHERE state = 'sending'
    AND claimed_by <> (SELECT worker FROM worker_heartbeats ORDER BY at DESC LIMIT 1)
"""
"""The mails that a worker was sending when it was killed: minutes pass before another may send them again."""
NO_ANSWER = (requests.RequestException,)


def take_free_ports():
    with contextlib.ExitStack() as stack:
        servers = {name: stack.enter_context(socket.create_server(("127.0.0.1", 0))) for name in PORTS}
        return {name: server.getsockname()[1] for name, server in servers.items()}


class Database:
    """A part's database, read while the part runs."""

    def __init__(self, path):
        self._path = path

    def rows(self, query, *values):
        address = f"file:{self._path}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True, timeout=10)) as connection:
            return connection.execute(query, values).fetchall()

    def column(self, query, *values):
        return [row[0] for row in self.rows(query, *values)]


class Installation:
    """Every part but Prometheus; alerts are sent to the webhook by the test."""

    def __init__(self, settings, state, supervisor):
        self._settings, self._state, self.supervisor = settings, state, supervisor
        self.parts = Parts(settings, state, state.secret(API_TOKEN))
        self.journal = Database(state.folder / "journal.db")
        self.app = Database(state.folder / "app.db")
        self.ledger = Database(state.folder / "automation/ledger.db")

    def wait_until_ready(self):
        for part in ("webhook", "app"):
            self.wait(lambda part=part: self.parts.is_ready(part, "/readyz"))
        self.wait(self.parts.heartbeat)

    def post(self, *alerts):
        """Deliver alerts as Alertmanager does: again until the answer is 2xx."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while True:
            with contextlib.suppress(*NO_ANSWER):
                answer = self.post_once(*alerts)
                if answer.ok:
                    return answer.json()
                assert answer.status_code >= 500, answer.text
            assert time.monotonic() < deadline, "the webhook did not come back"
            time.sleep(0.1)

    def post_once(self, *alerts):
        token = self._state.secret("webhook-token")
        return requests.post(
            self._settings.url("webhook"),
            json={"alerts": list(alerts)},
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )

    def log(self, part):
        return (self._state.log / f"{part}.log").read_text()

    def kill(self, name):
        """Kill a part the hard way; supervisord starts it again."""
        pid = self.supervisor.pid(name) if name != "automation" else None
        for victim in self.automation_pids() if name == "automation" else filter(None, [pid]):
            with contextlib.suppress(ProcessLookupError):  # it has died meanwhile, which is what is wanted
                os.kill(victim, signal.SIGKILL)

    def automation_pids(self):
        found = []
        for pid in self._state.processes():
            with contextlib.suppress(OSError):
                if b"automation\0follow" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(pid)
        return found

    def wait(self, is_true, seconds=SETTLE_SECONDS):
        deadline = time.monotonic() + seconds
        while True:
            with contextlib.suppress(sqlite3.OperationalError, *NO_ANSWER):
                if found := is_true():
                    return found
            assert time.monotonic() < deadline, "did not come true in time"
            time.sleep(0.1)

    def settle(self):
        """Wait until nothing is left to do but to wait for alerts to resolve."""
        try:
            self.wait(lambda: not self.unfinished())
        except AssertionError:
            raise AssertionError(f"unfinished: {self.unfinished()}") from None

    def unfinished(self):
        """Name everything that is still on its way."""
        last_seq = max(self.journal.column("SELECT seq FROM journal_events"), default=0)
        decided = self.ledger.column("SELECT episode FROM decisions WHERE current = 1")
        open_runs = "SELECT id FROM runs WHERE state IN ('queued', 'running')"
        waiting = "SELECT episode FROM decisions WHERE current = 1 AND decision = 'deferred'"
        unsent = "SELECT message_id FROM outbox_messages WHERE state <> 'sent'"
        return [
            *(["worker"] if self.app.column("SELECT offset FROM journal_cursor") != [last_seq] else []),
            *set(self.journal.column("SELECT episode FROM journal_events")).difference(decided),
            *self.ledger.column(open_runs),
            *self.ledger.column(waiting),
            *self.ledger.column("SELECT subject FROM reports"),
            *set(self.app.column(unsent)).difference(self.app.column(OF_THE_DEAD)),
        ]

    def check_sums(self):
        """Every accepted alert has had exactly one effect everywhere, and every part tells the same."""
        folder = self._state.folder
        assert_sound(
            f"--journal={folder / 'journal.db'}",
            f"--app={folder / 'app.db'}",
            f"--ledger={folder / 'automation'}",
            f"--log={self._state.log / 'webhook.log'}",
            f"--event-key-file={self._state.secrets / 'event-key'}",
        )
        seqs = self.journal.column("SELECT seq FROM journal_events ORDER BY seq")
        events = self.journal.column("SELECT json_extract(body, '$.id') FROM journal_events ORDER BY seq")
        assert seqs == list(range(1, len(seqs) + 1))
        assert len(set(events)) == len(events)
        assert self.app.column("SELECT id FROM alert_events ORDER BY seq") == events

        episodes = set(self.journal.column("SELECT episode FROM journal_events"))
        incidents = self.app.rows("SELECT DISTINCT episode, incident_id FROM alert_events")
        assert {episode for episode, _ in incidents} == episodes
        assert len(incidents) == len(episodes), "one incident for each episode"
        assert self.app.column("SELECT count(*) FROM incidents WHERE source = 'alert'") == [
            len({incident for _, incident in incidents})
        ]

        decided = self.ledger.column("SELECT episode FROM decisions WHERE current = 1")
        assert sorted(decided) == sorted(episodes), "one decision for each episode"
        assert self.ledger.column("SELECT id FROM runs WHERE state IN ('queued', 'running')") == []
        for known in ("SELECT id FROM decisions ORDER BY id", "SELECT id FROM runs ORDER BY id"):
            assert self.app.column(known) == self.ledger.column(known), "the app has heard of everything"

        queued = set(self.app.column("SELECT message_id FROM outbox_messages"))
        on_its_way = set(self.app.column(OF_THE_DEAD))
        kept = {mail["Message-ID"] for mail in mailbox.Maildir(self._state.mail, create=False)}
        assert queued - on_its_way <= kept, "every mail arrived"
        assert kept <= queued, "none was invented"


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    settings = Settings(state=tmp_path_factory.mktemp("demo") / "d", ports=take_free_ports())
    state = State(settings.state)
    with state.lock(), running(settings, state) as supervisor:
        installed = Installation(settings, state, supervisor)
        installed.wait_until_ready()
        yield installed
    assert state.processes() == []


@pytest.fixture(scope="module")
def start_demo(tmp_path_factory):
    """Start `python -m demo` on free ports; whatever a test leaves is ended."""
    started = []

    def start(*options, repeat=None):
        """Start a new demo, or one in the folder and on the ports of an earlier one."""
        if repeat:
            command, state = next((one.args, state) for one, state in started if one is repeat)
        else:
            state = State(tmp_path_factory.mktemp("demo") / "d")
            ports = [f"--{name}-port={number}" for name, number in take_free_ports().items()]
            command = [sys.executable, "-m", "demo", "--state", str(state.folder), *ports]
        process = subprocess.Popen(
            [*command, *options], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        started.append((process, state))
        return process, state

    yield start
    for process, state in started:
        process.kill()
        process.communicate()
        state.end_processes()
