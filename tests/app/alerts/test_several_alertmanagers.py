"""The app asks the first Alertmanager that answers, logged in as it is told; half settings are refused."""

import json
from base64 import b64encode

import pytest

from app.alerts import sources, trial
from app.config import SettingsError
from tests.app.standins import Answering, serving
from tests.processes import free_port

LOGIN = "Basic " + b64encode(b"oims:p@ss").decode()


@pytest.fixture
def guarded():
    """An Alertmanager under a path that lets one name in; what it was given."""
    taken = []

    class Handler(Answering):
        def asked(self):
            self._let_in([{"fingerprint": "f"}])

        def told(self):
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self._let_in({})

        def _let_in(self, document):
            is_known = self.headers.get("Authorization") == LOGIN and self.path.startswith("/am/api/v2/")
            self.answer(document, 200 if is_known else 401)

    sources.forget()
    with serving(Handler) as address:
        yield f"{address}/am", taken


@pytest.mark.parametrize("is_in_address", [True, False])
def test_the_next_one_is_asked_and_told_when_the_first_is_away(guarded, make_settings, is_in_address):
    place, taken = guarded
    away = f"http://127.0.0.1:{free_port()}"
    if is_in_address:
        settings = make_settings(alertmanager_url=f"{away},http://oims:p%40ss@{place}")
    else:
        login = {"alertmanager_username": "oims", "alertmanager_password": "p@ss"}
        settings = make_settings(alertmanager_url=f"{away}, http://{place}/", **login)

    assert sources.ask_any(settings.alertmanagers, "/api/v2/alerts", {}, None) == [{"fingerprint": "f"}]
    trial.send(settings)
    assert [alert["labels"]["alertname"] for alert in taken[-1]] == ["TestAlert"]


def test_none_that_answers_is_unreachable(guarded, make_settings):
    place, _ = guarded
    settings = make_settings(alertmanager_url=f"http://{place}", alertmanager_token="wrong")
    with pytest.raises(sources.Unreachable):
        sources.ask_any(settings.alertmanagers, "/api/v2/alerts", {}, None)
    with pytest.raises(sources.Unreachable):
        trial.send(settings)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (
            {"alertmanager_url": "http://a:9093,b:9093"},
            "OIMS_ALERTMANAGER_URL: address 2 of 2 is not an http",
        ),
        ({"alertmanager_url": "http://a", "alertmanager_username": "x"}, "OIMS_ALERTMANAGER_USERNAME and"),
        ({"alertmanager_token": "x"}, "OIMS_ALERTMANAGER_URL: is needed"),
        (
            {"alertmanager_url": "http://n:s@a", "alertmanager_token": "x"},
            "OIMS_ALERTMANAGER_URL: log in one way",
        ),
    ],
)
def test_settings_that_are_half_right_stop_the_start(make_settings, given, reason):
    with pytest.raises(SettingsError, match=reason):
        make_settings(**given)
