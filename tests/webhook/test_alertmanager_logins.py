"""Alertmanagers that want to know who asks."""

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.webhook.process import READER
from tests.webhook.test_config import start


@pytest.fixture
def guarded():
    """Serve the API of an Alertmanager under /am to those who send one of two headers."""
    started = (datetime.now(UTC) - timedelta(hours=1)).isoformat()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            wanted = {"Basic b2ltczpwQHNz", "Bearer right-token"}  # oims:p@ss
            is_known = self.headers.get("Authorization") in wanted and self.path.startswith("/am/api/v2/")
            body = json.dumps({"uptime": started} if "status" in self.path else []).encode()
            self.send_response(200 if is_known else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}/am"
    server.shutdown()
    server.server_close()


@pytest.fixture
def secret(tmp_path):
    def write(text):
        (tmp_path / "secret").write_text(text)
        return str(tmp_path / "secret")

    return write


@pytest.fixture(params=["address", "variables", "token"])
def login(request, guarded, secret):
    """Settings of each way to log in."""
    plain = {"OIMS_ALERTMANAGER_URL": f"http://{guarded}/"}
    return {
        "address": lambda: {"OIMS_ALERTMANAGER_URL": f"http://oims:p%40ss@{guarded}"},
        "variables": lambda: (
            plain
            | {"OIMS_ALERTMANAGER_USERNAME": "oims", "OIMS_ALERTMANAGER_PASSWORD_FILE": secret("p@ss\n")}
        ),
        "token": lambda: plain | {"OIMS_ALERTMANAGER_TOKEN_FILE": secret("right-token\n")},
    }[request.param]()


def test_the_check_proves_a_login_by_asking(tmp_path, guarded, login):
    done = start(tmp_path, **login)

    assert done.returncode == 0, done.stderr
    assert f"Alertmanager answers at http://{guarded}; it has 0 alerts." in done.stderr


def test_alertmanager_is_asked_directly_whatever_proxy_the_environment_names(tmp_path, guarded):
    away = dict.fromkeys(("http_proxy", "HTTP_PROXY", "all_proxy"), "http://127.0.0.1:9")
    done = start(tmp_path, OIMS_ALERTMANAGER_URL=f"http://oims:p%40ss@{guarded}", no_proxy="", **away)

    assert done.returncode == 0, done.stderr


def test_the_check_says_what_to_set_when_alertmanager_refuses(tmp_path, guarded):
    done = start(tmp_path, OIMS_ALERTMANAGER_URL=f"http://oims:wrong-secret@{guarded}")

    assert done.returncode == 2
    assert "answered 401; set OIMS_ALERTMANAGER_USERNAME" in done.stderr
    assert "wrong-secret" not in done.stderr


def test_what_is_held_back_is_known_from_behind_a_login(new_webhook, login):
    webhook = new_webhook(**login).start()

    assert webhook.get("/mutes", token=READER).json == {"is_known": True, "alerts": []}
