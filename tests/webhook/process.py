"""A real webhook process, driven through its doors as Alertmanager, a consumer and a follower would."""

import contextlib
import http.client
import json
import os
import signal
import ssl
from collections.abc import Iterator
from pathlib import Path

from tests.processes import Process, free_port
from tests.waiting import until

SMALLEST = b'{"alerts":[{"status":"firing","labels":{"alertname":"%b"}}]}'
WRITER = "writer-token-of-a-test"
READER = "reader-token-of-a-test"
KEY = "event-key-of-a-test"


def alert(name="TestAlert", status="firing", starts_at="2026-11-23T15:04:05.123Z", **more):
    labels = {"alertname": name} | more.pop("labels", {})
    return {"status": status, "labels": labels, "startsAt": starts_at, **more}


def message(*alerts):
    return {"version": "4", "receiver": "oims-webhook", "groupKey": "{}:{}", "alerts": list(alerts)}


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class WebhookProcess:
    """``python -m webhook`` with its stdout in a file."""

    def __init__(self, folder: Path, **settings: str):
        self.folder = folder
        self.port = free_port()
        self.metrics_port = free_port()
        self.journal = folder / "journal.db"
        self.log = folder / "stdout"
        self.errors = folder / "stderr"
        self.settings = {
            "OIMS_WEBHOOK_BIND": f"127.0.0.1:{self.port}",
            "OIMS_WEBHOOK_METRICS_BIND": f"127.0.0.1:{self.metrics_port}",
            "OIMS_WEBHOOK_TOKEN": WRITER,
            "OIMS_WEBHOOK_READER_TOKEN": READER,
            "OIMS_EVENT_KEY": KEY,
            "OIMS_WEBHOOK_JOURNAL": str(self.journal),
        } | settings
        self.process = None
        self.is_sound = True
        """Whether the journal is whole; a test that damages it says so."""

    def start(self, **options):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("OIMS_")}
        environment |= {name: value for name, value in self.settings.items() if value is not None}
        with self.log.open("ab") as out, self.errors.open("ab") as err:
            options = {"stdout": out, "stderr": err} | options
            self.process = Process("webhook", env=environment, **options)
        until(self._is_up, 30)
        return self

    def _is_up(self):
        assert self.process.poll() is None, self.errors.read_text()
        with contextlib.suppress(OSError):
            return self.get("/healthz").status == 200
        return False

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def kill(self):
        """End the whole process group at once, as a node that loses power does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def end(self):
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.kill()

    def request(self, method, path, body=None, headers=None, timeout=30, port=None, **options):
        connection = self._connection(port or self.port, timeout)
        try:
            connection.request(method, path, body, headers or {}, **options)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())
        finally:
            connection.close()

    def _connection(self, port, timeout):
        authority = self.settings.get("OIMS_TLS_CERT_FILE")
        if not authority:
            return http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        context = ssl.create_default_context(cafile=authority)
        return http.client.HTTPSConnection("127.0.0.1", port, timeout=timeout, context=context)

    def get(self, path, token=None, **options):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.request("GET", path, headers=headers, **options)

    def post(self, body, token=WRITER, path="/", **options):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return self.request("POST", path, content, headers, **options)

    def events(self, after=0, **query):
        parameters = "&".join(f"{name}={value}" for name, value in {"after": after, **query}.items())
        answer = self.get(f"/events?{parameters}", token=READER)
        assert answer.status == 200, answer
        return answer.json

    def lines(self, kind=None):
        """The whole lines printed so far; each must be JSON."""
        text = self.log.read_bytes().decode("ascii")
        rows = [json.loads(line) for line in text[: text.rfind("\n") + 1].split("\n")[:-1]]
        return [row for row in rows if kind in (None, row["kind"])]

    def metric(self, name):
        """The value of a sample, 0 if there is none."""
        for line in self.get("/metrics", port=self.metrics_port).body.splitlines():
            if line.rpartition(" ")[0] == name:
                return float(line.rpartition(" ")[2])
        return 0.0


@contextlib.contextmanager
def running(folder: Path, **settings: str) -> Iterator[WebhookProcess]:
    webhook = WebhookProcess(folder, **settings)
    try:
        yield webhook.start()
    finally:
        webhook.end()
