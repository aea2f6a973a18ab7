"""What an alert carries is on its page: links that lead somewhere, all else as the text that it is."""

import json

import pytest

from tests.app.pages.alerts import Alert
from webhook.payload import parse


@pytest.fixture
def page_of(browser, tell, settings, at):
    """The page of the incident that a delivery opens."""

    def page_of(**odd):
        (alert,) = parse(json.dumps({"version": "1", "alerts": [odd]}).encode()).message.alerts
        fields = {"labels": alert.labels, "annotations": alert.annotations}
        fired = tell(lambda: Alert(settings, alert.labels["alertname"], at, **fields).fires())
        return browser.get(f"/incidents/{fired}")

    return page_of


def hrefs(page):
    return {link.get("href") for link in page.all("a")}


@pytest.mark.compatible("C4")
def test_the_links_of_grafana_lead_to_panel_dashboard_and_silence(page_of):
    links = {
        "panelURL": "https://g.example/d/1?viewPanel=2",
        "dashboardURL": "https://g.example/d/1",
        "silenceURL": "https://g.example/alerting/silence/new?x",
    }
    assert hrefs(page_of(status="firing", labels={"alertname": "Slow"}, **links)) >= set(links.values())


@pytest.mark.parametrize("odd", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://a b/"])
def test_what_is_no_address_of_the_web_is_shown_and_no_link(page_of, odd):
    page = page_of(labels={"alertname": "Odd"}, annotations={"runbook_url": odd}, generatorURL=odd)
    assert odd in page.words
    assert odd not in hrefs(page)


def test_an_alert_that_could_not_be_read_shows_what_came(page_of):
    page = page_of(text="db-1 is down", host={"rack": 7})
    assert page.h1 == "An alert could not be read"
    assert '{"host":{"rack":7},"text":"db-1 is down"}' in page.words


def test_an_override_of_direction_is_a_mark_and_other_letters_stay(page_of):
    odd = {"alertname": "A\u202eB"}
    page = page_of(labels=odd, annotations={"summary": "\u2066x \u200fبتث 👩\u200d🚒 e\u0301"})
    assert page.h1 == "\ufffdx \u200fبتث 👩\u200d🚒 e\u0301"
    assert not set(page.words) & {"\u202e", "\u2066"}
    assert "alertname=A\ufffdB" in page.words
