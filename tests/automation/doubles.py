"""A journal and an app that a test controls: real HTTP servers on free ports."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from contract.signing import canonical, signature

KEY = "event-key-of-the-tests"
READER_TOKEN = "reader-token-of-the-tests"
APP_TOKEN = "app-token-of-the-tests-0123456789-0123456789"


class Server:
    """An HTTP server in a thread that can go away and come back on the same port."""

    def __init__(self):
        self._server, self._port = None, 0
        self.status, self.clock_ahead = None, 0
        self.up()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._port}"

    def up(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                self.answer(*outer.get(self))

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(*outer.post(self, json.loads(body)))

            def date_time_string(self, timestamp=None):
                return super().date_time_string((timestamp or time.time()) + outer.clock_ahead)

            def answer(self, status, document):
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_):
                pass

        self._server = Quiet(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def down(self):
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None


class JournalServer(Server):
    """Keeps events in memory and serves them like the webhook does."""

    def __init__(self):
        self.events, self.pruned, self.reads, self._new = [], 0, 0, threading.Condition()
        self._open, self.mutes, self.watchdog_age = {}, [], None
        super().__init__()

    def add(
        self,
        alertname,
        status="firing",
        *,
        fingerprint=None,
        labels=None,
        annotations=None,
        key=KEY,
        episode=None,
    ):
        """Append one event; episodes follow the journal's rule. Returns the event."""
        with self._new:
            seq = self.last + 1
            fingerprint = fingerprint or f"fp-{alertname}"
            if episode is None:
                if status == "firing":
                    episode = self._open.setdefault(fingerprint, f"event-{seq}")
                else:
                    episode = self._open.pop(fingerprint, f"event-{seq}")
            event = make_event(seq, alertname, status, fingerprint, episode, labels, annotations, key)
            self.events.append(event)
            self._new.notify_all()
            return event

    def get(self, request):
        if request.headers["Authorization"] != f"Bearer {READER_TOKEN}":
            return 401, {}
        if self.status:
            return self.status, {}
        if request.path == "/mutes":
            return 200, {"is_known": self.mutes is not None, "alerts": self.mutes or []}
        query = {name: int(values[0]) for name, values in parse_qs(urlsplit(request.path).query).items()}
        with self._new:
            self.reads += 1
            self._new.wait_for(lambda: self.last > query["after"], timeout=min(query["wait"], 2))
            events = [event for event in self.events if event["seq"] > query["after"]][: query["limit"]]
            stands = {"last_seq": self.last, "oldest_seq": self.pruned + 1}
            return 200, {"events": events, "watchdog_age_s": self.watchdog_age, **stands}

    @property
    def last(self):
        return self.events[-1]["seq"] if self.events else 0


class AppServer(Server):
    """Takes reports; remembers the newest version of each."""

    def __init__(self):
        self.decisions, self.runs, self.heartbeats, self.refuse = [], {}, [], {}
        self.past, self.is_old = None, False
        self.history, self.instructions, self._told = (
            [],
            {"version": 0, "paused": False},
            threading.Condition(),
        )
        super().__init__()

    def tell(self, **changes):
        """Change the instructions, as a person does in the app."""
        with self._told:
            version = self.instructions["version"] + 1
            self.instructions = {**self.instructions, **changes, "version": version}
            self._told.notify_all()

    def get(self, request):
        if request.headers["Authorization"] != f"Bearer {APP_TOKEN}":
            return 401, {}
        if self.status:
            return self.status, {}
        if request.path == "/healthz":
            return 200, {}
        if urlsplit(request.path).path.endswith("/runs"):
            return 200, {"items": list(self.runs.values()) if self.past is None else self.past, "next": None}
        query = {name: float(values[0]) for name, values in parse_qs(urlsplit(request.path).query).items()}
        with self._told:
            after, wait = query["after"], min(query["wait"], 2)
            self._told.wait_for(lambda: self.instructions["version"] > after, timeout=wait)
            return 200, self.instructions

    def post(self, request, body):
        if request.headers["Authorization"] != f"Bearer {APP_TOKEN}":
            return 401, {}
        if self.status:
            return self.status, {}
        if request.path.endswith("/heartbeat"):
            self.heartbeats.append(body)
            return 200, {"paused": self.instructions["paused"], "server_time": body["sent_at"]}
        if request.path.endswith("/reports"):
            if self.is_old:
                return 404, {}
            paths = {"decision": "/decisions", "run": "/runs"}
            taken = [self._take(paths[item["kind"]], item["report"])[0] for item in body["reports"]]
            return 200, {"answers": [{"status": status} for status in taken]}
        return self._take(request.path, body)

    def _take(self, path, body):
        if body["alertname"] in self.refuse:
            return self.refuse[body["alertname"]], {"title": "no"}
        if path.endswith("/decisions"):
            if body["id"] not in {decision["id"] for decision in self.decisions}:
                self.decisions.append(body)
        elif body["version"] > self.runs.get(body["id"], {"version": 0})["version"]:
            self.runs[body["id"]] = body
            self.history.append(body)
        return 201, {}


def make_event(seq, alertname, status, fingerprint, episode, labels=None, annotations=None, key=KEY):
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    event = {
        "kind": "alert",
        "seq": seq,
        "id": f"event-{seq}",
        "episode": episode,
        "source": "alertmanager",
        "received_at": now,
        "status": status,
        "fingerprint": fingerprint,
        "starts_at": now,
        "ends_at": None,
        "labels": {"alertname": alertname, **(labels or {})},
        "annotations": annotations or {},
        "generator_url": "http://prometheus.example/graph",
        "group_key": "{}",
        "receiver": "oims-webhook",
    }
    return {**event, "sig": signature(canonical(event), key.encode())}
