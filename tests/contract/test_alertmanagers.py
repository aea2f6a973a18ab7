"""Several Alertmanagers: plain, behind TLS and a password, under a path; and settings that are half right."""

import json
import shutil
import subprocess
from base64 import b64encode

import pytest

from contract import alertmanagers
from tests.certificates import make_certificate
from tests.contract.test_alertmanager import Alertmanager, firing, seen
from tests.waiting import until
from tests.webhook.process import READER, WebhookProcess
from tests.webhook.test_config import start
from webhook.fingerprints import fingerprint

NAME, PASSWORD = "oims", "test"
HASH = "$2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay"
"""What bcrypt makes of the password."""

WRONG = {
    "http://oims:12/secret@a:9093": "write it as %2F",
    "http://a:9093,b:9093,http://c:9093": "address 2 of 3 is not an http or https address",
    "http://a:9093, http://oims@b": "address 2 of 2 has a name or a password alone",
    "http://:secret@a:9093": "has a name or a password alone",
    "http://a:port": "is not an http or https address",
    "http://[::1": "is not an http or https address",
    "http://a:9093?x=1": "has a query or a fragment",
    "http://a:9093/#/alerts": "has a query or a fragment",
    "ftp://a": "is not an http or https address",
    ",".join(f"http://a:{port}" for port in range(1, 13)): "has 12 addresses; at most 10",
}


@pytest.mark.parametrize(("value", "reason"), WRONG.items(), ids=range(len(WRONG)))
def test_addresses_that_are_half_right_are_refused_with_the_one_that_is_wrong(value, reason):
    with pytest.raises(ValueError, match=reason.replace("?", r"\?")) as caught:
        alertmanagers.addresses(value)
    assert "secret" not in str(caught.value)


def test_addresses_are_read_from_commas_each_once():
    given = " http://a:9093/ ,https://b/am/,,http://a:9093, http://[::1]:9093"
    assert alertmanagers.addresses(given) == ("http://a:9093", "https://b/am", "http://[::1]:9093")
    assert alertmanagers.addresses("") == ()


def asked(url, **options):
    return alertmanagers.alertmanager(url, **{"password": None, "token": None} | options)


def test_a_login_is_sent_as_a_header_and_never_as_a_part_of_the_address():
    one = asked("https://oims:p%40ss@a.example:9093/am")
    assert one.url == "https://a.example:9093/am"
    assert one.headers()["Authorization"] == "Basic " + b64encode(b"oims:p@ss").decode()
    assert asked("http://a", token=lambda: "abc").headers()["Authorization"] == "Bearer abc"
    assert "Authorization" not in asked("http://a").headers()


class Guarded(Alertmanager):
    """The real program under a path, behind TLS and a password."""

    def __init__(self, binary, folder, target):
        super().__init__(binary, folder, target)
        self.certificate, key = make_certificate(folder)
        self.url = f"https://127.0.0.1:{self.port}/am"
        server = {"cert_file": str(self.certificate), "key_file": str(key)}
        web = {"tls_server_config": server, "basic_auth_users": {NAME: HASH}}
        (folder / "web.yml").write_text(json.dumps(web))
        self.options = (f"--web.config.file={folder / 'web.yml'}", "--web.route-prefix=/am")

    def _ask(self, method, path, body=None):
        """Ask with curl, which trusts the certificate."""
        command = [
            "curl",
            "-s",
            "-m",
            "10",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "-u",
            f"{NAME}:{PASSWORD}",
        ]
        command += ["--cacert", str(self.certificate), "-X", method, self.url + path]
        if body is not None:
            command += ["-H", "Content-Type: application/json", "--data-binary", body.decode()]
        return int(subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout)


@pytest.fixture(scope="module")
def installation(program, tmp_path_factory):
    """A plain Alertmanager, a guarded one, and a webhook that asks both and hears of neither."""
    folders = [tmp_path_factory.mktemp(name) for name in ("webhook", "plain", "guarded")]
    webhook = WebhookProcess(folders[0], OIMS_RECONCILE_INTERVAL="200ms", OIMS_RECONCILE_GONE_AFTER="2s")
    nobody = "http://127.0.0.1:1/"
    plain, guarded = Alertmanager(program, folders[1], nobody), Guarded(program, folders[2], nobody)
    webhook.settings |= {
        "OIMS_ALERTMANAGER_URL": f"{plain.url},{guarded.url}",
        "OIMS_ALERTMANAGER_USERNAME": NAME,
        "OIMS_ALERTMANAGER_PASSWORD": PASSWORD,
        "OIMS_CA_FILE": str(guarded.certificate),
    }
    started = []
    try:
        for one in (plain, guarded, webhook):
            started.append(one)
            one.start()
        yield webhook, plain, guarded
    finally:
        for one in started:
            one.kill()


def asks(webhook):
    return {
        name: value for name, value in webhook.settings.items() if "ALERTMANAGER" in name or "CA_" in name
    }


@pytest.mark.slow
@pytest.mark.compatible("C2")
def test_the_check_asks_each_and_names_the_one_that_does_not_let_it_in(installation, tmp_path):
    webhook, plain, guarded = installation

    done = start(tmp_path, **asks(webhook))
    assert done.returncode == 0, done.stderr
    for one in (plain, guarded):
        assert f"Alertmanager answers at {one.url}; it has" in done.stderr

    done = start(tmp_path, **asks(webhook) | {"OIMS_ALERTMANAGER_PASSWORD": "wrong-secret"})
    assert done.returncode == 2
    assert f"can't be asked at {guarded.url}: /api/v2/status answered 401" in done.stderr
    assert f"Alertmanager answers at {plain.url}" in done.stderr
    assert "wrong-secret" not in done.stderr

    done = start(tmp_path, **asks(webhook) | {"OIMS_CA_FILE": None})
    assert "its certificate is not trusted" in done.stderr
    assert "set OIMS_CA_FILE" in done.stderr


@pytest.mark.slow
@pytest.mark.compatible("C2")
def test_what_any_of_them_shows_is_recorded_and_what_any_of_them_silences_is_told(installation):
    webhook, plain, guarded = installation
    matcher = {"name": "alertname", "value": "Quiet", "isRegex": False, "isEqual": True}
    hours = {"startsAt": "2026-01-01T00:00:00Z", "endsAt": "2099-01-01T00:00:00Z"}
    guarded.silence({"matchers": [matcher], "createdBy": "ann", "comment": "Disks", **hours})

    plain.put(firing("Here"))
    guarded.put(firing("There"), firing("Quiet"))

    until(lambda: seen(webhook, "Here") and seen(webhook, "There"), 30)
    told = until(lambda: webhook.get("/mutes", token=READER).json["alerts"])
    assert [one["fingerprint"] for one in told] == [fingerprint({"alertname": "Quiet"})]
    assert seen(webhook, "Quiet") == []


@pytest.mark.slow
@pytest.mark.compatible("C2")
def test_one_that_is_away_hides_no_silence_and_ends_nothing(installation):
    """What only the other one knew can't be told from what is over, so nothing ends until both answer."""
    webhook, plain, _ = installation
    plain.put(firing("Stays"))
    until(lambda: seen(webhook, "Stays"), 30)

    plain.kill()
    before = webhook.metric("oims_journal_reconcile_failures_total")
    until(lambda: webhook.metric("oims_journal_reconcile_failures_total") >= before + 20, 60)

    assert [row["status"] for row in seen(webhook, "Stays")] == ["firing"]
    assert webhook.get("/mutes", token=READER).json["is_known"] is True

    shutil.rmtree(plain.folder / "data")
    plain.start()
    until(lambda: len(seen(webhook, "Stays")) == 2, 60)
    assert seen(webhook, "Stays")[1]["source"] == "reconcile"
