"""The picture of the expression and the silences, from a real Prometheus and a real Alertmanager."""

import json
from datetime import timedelta

import pytest
import time_machine

from app.alerts import sources
from app.records.accounts import Role
from contract.moments import rfc3339
from tests.app.pages import stories
from tests.app.pages.alerts import Alert
from tests.monitoring import ask, prometheus_in, running
from tests.processes import free_port

POLYLINE = "{http://www.w3.org/2000/svg}polyline"
LABELS = {"alertname": "ShopErrors", "service": "shop"}


@pytest.fixture
def prometheus(tmp_path):
    with prometheus_in(tmp_path) as url:
        yield url


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
    assert "the threshold is 0.5" in page.words


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
