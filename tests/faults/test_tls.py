"""TLS of both parts: whom it lets in, and how a certificate is renewed."""

import socket
import ssl
import threading

import pytest

from tests.app.server import running as running_app
from tests.certificates import make_certificate
from tests.faults.attackers import Target
from tests.processes import run
from tests.waiting import until
from tests.webhook.process import alert, message, running


def serial_of(port):
    """The serial number of the certificate that a port shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain) as client,
    ):
        return hash(client.getpeercert(binary_form=True))


@pytest.fixture
def files(tmp_path):
    return make_certificate(tmp_path)


@pytest.fixture
def settings(files):
    return {"OIMS_TLS_CERT_FILE": str(files.certificate), "OIMS_TLS_KEY_FILE": str(files.key)}


def test_both_ports_of_the_webhook_speak_tls_and_nothing_else(tmp_path, settings):
    with running(tmp_path, **settings) as webhook:
        assert webhook.post(message(alert())).status == 200
        assert webhook.metric("oims_journal_last_seq") == 1
        for port in (webhook.port, webhook.metrics_port):
            assert Target(port, "/", "").says(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") == b""


def test_both_ports_of_the_app_speak_tls(tmp_path, settings):
    with running_app(tmp_path, **settings) as app:
        assert app.ask("GET", "/readyz")[0] == 200
        assert "oims_http_request_slots" in app.metrics()


def test_a_renewed_certificate_is_taken_without_a_restart_or_a_lost_request(tmp_path, files, settings):
    with running(tmp_path, **settings) as webhook:
        before, refused, stop = serial_of(webhook.port), [], threading.Event()
        both = tmp_path / "both.crt"
        webhook.settings["OIMS_TLS_CERT_FILE"] = str(both)
        (tmp_path / "new").mkdir()
        new = make_certificate(tmp_path / "new", common_name="renewed")
        both.write_bytes(files.certificate.read_bytes() + new.certificate.read_bytes())

        def deliver():
            number = 0
            while not stop.is_set():
                number += 1
                answer = webhook.post(message(alert(f"R{number}")))
                refused.extend([answer] if answer.status != 200 else [])

        sender = threading.Thread(target=deliver)
        sender.start()
        try:
            new.certificate.replace(files.certificate)  # does not fit the key: the old one goes on
            until(lambda: "certificate_not_renewed" in webhook.errors.read_text())
            assert serial_of(webhook.port) == before
            new.key.replace(files.key)
            until(lambda: serial_of(webhook.port) != before)
        finally:
            stop.set()
            sender.join(30)
        assert refused == []
        assert webhook.process.poll() is None


WRONG = {
    "no key": ({"OIMS_TLS_KEY_FILE": ""}, "OIMS_TLS_KEY_FILE: needed with OIMS_TLS_CERT_FILE"),
    "no certificate": ({"OIMS_TLS_CERT_FILE": ""}, "OIMS_TLS_CERT_FILE: needed with OIMS_TLS_KEY_FILE"),
    "a file that is missing": ({"OIMS_TLS_KEY_FILE": "/nowhere"}, "OIMS_TLS_KEY_FILE: can't read /nowhere"),
    "a file that is no key": ({"OIMS_TLS_KEY_FILE": __file__}, "OIMS_TLS_CERT_FILE, OIMS_TLS_KEY_FILE: "),
    "an authority that is missing": ({"OIMS_CA_FILE": "/nowhere"}, "OIMS_CA_FILE: can't read /nowhere"),
    "an authority that is none": ({"OIMS_CA_FILE": __file__}, "holds no PEM certificate"),
}


@pytest.mark.parametrize(("given", "sentence"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("part", ["webhook", "app"])
def test_wrong_files_stop_the_start_with_the_name_of_the_setting(tmp_path, settings, part, given, sentence):
    secret = "a-secret-of-the-tests-0123456789-0123456789"
    environment = {
        "PATH": "/usr/bin:/bin",
        "OIMS_DATABASE_URL": f"sqlite:///{tmp_path}/site.db",
        "OIMS_SECRET_KEY": secret,
        "OIMS_WEBHOOK_TOKEN": secret,
        "OIMS_WEBHOOK_READER_TOKEN": secret[::-1],
        "OIMS_EVENT_KEY": secret,
        "OIMS_BIND": "127.0.0.1:0",
        "OIMS_WEBHOOK_BIND": "127.0.0.1:0",
        "OIMS_METRICS_BIND": "127.0.0.1:0",
        "OIMS_WEBHOOK_METRICS_BIND": "127.0.0.1:0",
    }
    given = {name: value for name, value in (environment | settings | given).items() if value}

    done = run(part, *(["web"] if part == "app" else []), env=given, cwd=tmp_path)

    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("is_trusted", [True, False])
def test_an_answer_over_tls_is_believed_only_with_the_authority(tmp_path, files, settings, is_trusted):
    """The command line as one that asks; worker, automation and reconciler use the same trust."""
    with running_app(tmp_path, **settings) as app:
        environment = {"PATH": "/usr/bin:/bin", "OIMS_URL": app.url, "OIMS_TOKEN": app.token("reads", "read")}
        trust = {"OIMS_CA_FILE": str(files.certificate)} if is_trusted else {}

        done = run("cli", "list", env=environment | trust)

    assert (done.returncode == 0) is is_trusted, done.stderr
