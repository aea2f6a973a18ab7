"""The real web server of the app, as a process, on a database of its own."""

import json
import os
import signal
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.processes import Process, free_port, run
from tests.waiting import until

ROOT = Path(__file__).parents[2]
AUTOMATION_TOKEN = "an-automation-token-of-the-tests-0123456789"
ADMIN = ("root@example.org", "a long first password")


class Server:
    """Where it listens, and what an operator and a program can do there."""

    process: Process

    def __init__(self, url: str, metrics_url: str, environment: dict[str, str], folder: Path) -> None:
        self.url = url
        self.port = int(url.rpartition(":")[2])
        authority = environment.get("OIMS_TLS_CERT_FILE")
        self._trust = ssl.create_default_context(cafile=authority) if authority else None
        self.metrics_url = metrics_url
        self.environment = environment
        self.folder = folder

    def manage(self, *arguments: str, typed: str = "") -> str:
        """Run `python -m app …` as the operator does and return what it prints."""
        done = run("app", *arguments, env=self.environment, cwd=self.folder, given=typed)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def metrics(self) -> str:
        """Return what Prometheus reads."""
        with urllib.request.urlopen(self.metrics_url, timeout=20, context=self._trust) as answer:  # noqa: S310 - http
            return str(answer.read(), "utf-8")

    def token(self, name: str, *scopes: str) -> str:
        """Make an API token and return its secret."""
        wanted = [argument for scope in scopes for argument in ("--scope", scope)]
        return self.manage("token", "create", name, *wanted).strip().splitlines()[-1]

    def ask(
        self,
        method: str,
        path: str,
        *,
        token: str = "",
        body: Any = None,
        headers: dict[str, str] | None = None,
        timeout: float = 20,
    ) -> tuple[int, Any]:
        """Send a request; return the status and the JSON (or text) of the answer."""
        given = {"Authorization": f"Bearer {token}", "Accept": "application/json"} | (headers or {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=given, method=method)  # noqa: S310 - http
        try:
            with urllib.request.urlopen(request, timeout=timeout, context=self._trust) as answer:  # noqa: S310 - http
                status, content = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                status, content = error.code, error.read()
        try:
            return status, json.loads(content)
        except ValueError:
            return status, content.decode()


@contextmanager
def running(folder: Path, *, host: str = "127.0.0.1", **settings: str) -> Iterator[Server]:
    """Migrate, start `python -m app web` on an address of this host, and end it afterwards.

    The database lies in memory where there is a folder for that: what is tested are answers, not the disk.
    """
    memory = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as place:
        url = f"sqlite:///{place}/site.db"
        with _started(folder, {"OIMS_DATABASE_URL": url} | settings, host) as server:
            yield server


@contextmanager
def _started(folder: Path, settings: dict[str, str], host: str = "127.0.0.1") -> Iterator[Server]:
    port, metrics_port = free_port(), free_port()
    scheme = "https" if "OIMS_TLS_CERT_FILE" in settings else "http"
    url = f"{scheme}://{host}:{port}"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "OIMS_SECRET_KEY": "a-secret-key-of-the-tests-0123456789abcdef",
        "OIMS_BIND": f"{host}:{port}",
        "OIMS_METRICS_BIND": f"{host}:{metrics_port}",
        "OIMS_BASE_URL": url,
        "OIMS_ADMIN_EMAIL": ADMIN[0],
        "OIMS_ADMIN_PASSWORD": ADMIN[1],
        "OIMS_AUTOMATION_TOKEN": AUTOMATION_TOKEN,
    } | settings
    server = Server(url, f"{scheme}://{host}:{metrics_port}/metrics", environment, folder)
    server.manage("migrate")
    with (folder / "web.log").open("w") as log:
        process = server.process = Process("app", "web", env=environment, cwd=folder, stdout=log, stderr=log)
    try:
        _wait_until_up(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _wait_until_up(server: Server, process: Process) -> None:
    def is_up() -> bool:
        assert process.poll() is None, (server.folder / "web.log").read_text()
        with suppress(OSError):
            return server.ask("GET", "/healthz")[0] == 200
        return False

    until(is_up, 60)
