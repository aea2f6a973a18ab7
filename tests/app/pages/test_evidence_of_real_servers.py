"""The picture of the expression and the silences, from a real Prometheus and a real Alertmanager."""

import json
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlencode

import pytest
import time_machine

from app.alerts import sources
from app.records.accounts import Role
from contract.moments import rfc3339
from tests.app.pages import stories
from tests.app.pages.alerts import Alert
from tests.app.server import ROOT
from tests.processes import free_port

POLYLINE = "{http://www.w3.org/2000/svg}polyline"
LABELS = {"alertname": "ShopErrors", "service": "shop"}


def ask(address, body=None):
    """Return what a server answers, or nothing while it doesn't."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(address, data, {"Content-Type": "application/json"})  # noqa: S310 - http
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - http
            return answer.read().decode()
    except OSError:
        return None


@contextmanager
def running(program, is_ready, *options):
    """Run a program that `make tools` has built until the block ends; enter it when it is ready."""
    command = [ROOT / ".tools/bin" / program, *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 60
            while not is_ready():
                assert time.monotonic() < deadline, f"{program} is not ready"
                time.sleep(0.1)
            yield
        finally:
            process.terminate()


@pytest.fixture
def prometheus(tmp_path):
    """A real Prometheus that scrapes itself and knows one alert; its address."""
    (tmp_path / "rules.yml").write_text(
        "groups: [{name: all, rules: [{alert: ShopErrors, expr: prometheus_ready > 0.5}]}]\n"
    )
    port = free_port()
    (tmp_path / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
        f"scrape_configs: [{{job_name: itself, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]\n"
    )
    url = f"http://127.0.0.1:{port}"
    options = (
        f"--config.file={tmp_path}/prometheus.yml",
        f"--storage.tsdb.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with running("prometheus", lambda: samples(url) > 2, *options):
        yield url


def samples(url):
    query = urlencode({"query": "count_over_time(prometheus_ready[1m])"})
    answer = json.loads(ask(f"{url}/api/v1/query?{query}") or '{"data": {"result": []}}')
    return max((int(row["value"][1]) for row in answer["data"]["result"]), default=0)


@pytest.fixture
def alertmanager(tmp_path):
    """A real Alertmanager that tells nobody; its address."""
    port = free_port()
    (tmp_path / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
    url = f"http://127.0.0.1:{port}"
    options = (
        f"--config.file={tmp_path}/alertmanager.yml",
        f"--storage.path={tmp_path}/silences",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    )
    with running("alertmanager", lambda: ask(f"{url}/-/ready") is not None, *options):
        yield url


@pytest.fixture
def connect(app):
    """Let the app ask these servers; return its settings."""

    def connect(**addresses):
        app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update=addresses)
        sources.forget()
        return app.config["SETTINGS"]

    return connect


@pytest.mark.timeout(180)
@pytest.mark.compatible("C3")
def test_prometheus_gives_the_course_of_the_alerts_own_rule(app, log_in, alice, prometheus, connect, at):
    settings = connect(prometheus_url=prometheus)
    with app.app_context():
        number = Alert(settings, "ShopErrors", at - timedelta(seconds=30)).fires(after=0).id
    # Some minutes later: for so long Prometheus takes the last sample as the value.
    with time_machine.travel(at + timedelta(minutes=3)):
        page = log_in(alice).get(f"/incidents/{number}/evidence")
    assert len(page.all(POLYLINE)) == 1
    assert "prometheus_ready > 0.5" in page.words
    assert "the limit is 0.5" in page.words


@pytest.mark.timeout(180)
@pytest.mark.compatible("C1")
def test_alertmanagers_silence_is_shown_on_the_incident_whose_alert_it_holds(
    app, log_in, alice, alertmanager, connect, at
):
    settings = connect(alertmanager_url=(alertmanager,))
    ask(f"{alertmanager}/api/v2/alerts", [{"labels": LABELS, "startsAt": rfc3339(at)}])
    for value, comment in (("shop", "New disks"), ("mail", "Not ours")):
        silence = {
            "matchers": [{"name": "service", "value": value, "isRegex": False, "isEqual": True}],
            "startsAt": rfc3339(at),
            "endsAt": rfc3339(at + timedelta(hours=1)),
            "createdBy": "carol",
            "comment": comment,
        }
        assert ask(f"{alertmanager}/api/v2/silences", silence)
    (known,) = json.loads(ask(f"{alertmanager}/api/v2/alerts"))
    alert = Alert(settings, "ShopErrors", at, labels={"service": "shop"})
    alert.fingerprint = known["fingerprint"]
    with app.app_context():
        number = alert.fires(after=0).id
    words = log_in(alice).get(f"/incidents/{number}/evidence").words
    assert f"New disks, by carol, until {at + timedelta(hours=1):%Y-%m-%d %H:%M:%S} UTC" in words
    assert "Not ours" not in words


@pytest.mark.timeout(180)
def test_the_test_alert_is_sent_by_a_button_and_takes_the_way_of_every_alert(
    app, log_in, alertmanager, connect
):
    connect(alertmanager_url=(alertmanager,))
    with app.app_context():
        root = stories.person("Root", Role.ADMIN)
    admin = log_in(root)
    page = admin.submit_and_follow("/admin/first-steps", "/admin/first-steps/alert")
    assert "Alertmanager has the test alert." in page.words
    (known,) = json.loads(ask(f"{alertmanager}/api/v2/alerts"))
    assert known["labels"] == {"alertname": "TestAlert", "severity": "low"}
    assert "A test alert was sent to Alertmanager." in admin.get("/admin/audit").words
    connect(alertmanager_url=(f"http://127.0.0.1:{free_port()}",))
    page = admin.submit_and_follow("/admin/first-steps", "/admin/first-steps/alert")
    assert "Alertmanager did not take the test alert" in page.words
