"""Clusters with IPv6 alone, or with both: every part listens there, and is asked there."""

import http.client
import socket
import urllib.request
from types import SimpleNamespace

import pytest

from automation.metrics import Metrics
from contract import binds
from tests.app.server import running
from tests.processes import free_port, run
from tests.webhook.process import READER, SMALLEST, WRITER, WebhookProcess

RIGHT = {
    "0.0.0.0:5000": ("0.0.0.0", 5000),  # noqa: S104 - what people write
    "localhost:1": ("localhost", 1),
    "[::]:5000": ("::", 5000),
    "[::1]:65535": ("::1", 65535),
    "[fe80::1%eth0]:80": ("fe80::1%eth0", 80),
}
WRONG = {
    "::1:5000": "needs brackets around its IPv6 address; write [::1]:5000",
    ":::5000": "needs brackets",
    "[::1]": "is not an address to listen on",
    "[::1]:": "is not an address to listen on",
    ":5000": "is not an address to listen on",
    "[::1]:65536": "is not an address to listen on",
    "[127.0.0.1]:5000": "has no IPv6 address in its brackets",
    "[::g]:5000": "has no IPv6 address in its brackets",
    "[]:5000": "has no IPv6 address in its brackets",
    "localhost": "is not an address to listen on",
    "a b:5000": "is not an address to listen on",
    "a:\u0665\u0660": "is not an address to listen on",
}


@pytest.mark.parametrize(("bind", "address"), RIGHT.items())
def test_an_address_to_listen_on_is_read(bind, address):
    assert binds.split(bind) == address


@pytest.mark.parametrize(("bind", "reason"), WRONG.items())
def test_one_that_is_none_is_refused_with_what_to_write(bind, reason):
    with pytest.raises(ValueError, match=reason.replace("[", r"\[")):
        binds.split(bind)


needs_ipv6 = pytest.mark.skipif(not binds.has_ipv6(), reason="this system has no IPv6")


def status(host, port, method="GET", path="/healthz", body=None, token=""):
    connection = http.client.HTTPConnection(host, port, timeout=20)
    connection.request(method, path, body, {"Authorization": f"Bearer {token}"})
    answer = connection.getresponse().status
    connection.close()
    return answer


@needs_ipv6
@pytest.mark.slow
@pytest.mark.compatible("C17")
def test_the_webhook_takes_alerts_on_all_addresses_of_both_families(tmp_path):
    webhook = WebhookProcess(tmp_path)
    webhook.settings |= {
        "OIMS_WEBHOOK_BIND": f"[::]:{webhook.port}",
        "OIMS_WEBHOOK_METRICS_BIND": f"[::]:{webhook.metrics_port}",
    }
    webhook.start()
    try:
        for host in ("::1", "127.0.0.1"):
            assert status(host, webhook.port, "POST", "/", SMALLEST % b"A", WRITER) == 200
            assert status(host, webhook.port, path="/events", token=READER) == 200
            assert status(host, webhook.metrics_port, path="/metrics") == 200
    finally:
        webhook.end()


@needs_ipv6
@pytest.mark.slow
@pytest.mark.compatible("C17")
def test_the_app_serves_on_ipv6_alone_and_the_command_line_finds_it(tmp_path):
    with running(tmp_path, host="[::1]") as server:
        assert "process_cpu" in server.metrics() or "oims_" in server.metrics()
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", server.port), timeout=5)
        token = server.token("cli", "read")
        environment = server.environment | {"OIMS_URL": server.url, "OIMS_TOKEN": token}
        done = run("cli", "list", env=environment, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")


@needs_ipv6
@pytest.mark.parametrize(("bind", "hosts"), [("[::1]", ["[::1]"]), ("[::]", ["[::1]", "127.0.0.1"])])
@pytest.mark.compatible("C17")
def test_automation_shows_its_metrics(bind, hosts):
    port = free_port()
    Metrics(SimpleNamespace(remedies=())).serve(f"{bind}:{port}", dict)
    for host in hosts:
        with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=20) as answer:
            assert answer.status == 200


def test_a_system_without_ipv6_listens_on_ipv4(monkeypatch):
    monkeypatch.setattr(binds, "has_ipv6", lambda: False)
    port = free_port()
    Metrics(SimpleNamespace(remedies=())).serve(f"[::]:{port}", dict)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as answer:
        assert answer.status == 200
