"""Proxies, paths, cookies and redirects: what stands around the app where people run it."""

import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
import requests

from app.alerts.consumer import Consumer
from app.alerts.sources import Unreachable, ask, forget, send_to_any
from app.config import SettingsError
from contract.alertmanagers import Alertmanager
from tests.app.conftest import PASSWORD

LINK = re.compile(r'(?:href|src|action|hx-get)="([^"#]*)"')


@pytest.fixture
def below(make_app, make_settings):
    """The app under a path."""
    return make_app(make_settings(base_url="https://example.org/oims", cookie_secure="false"))


@pytest.mark.parametrize("asked", ["/login", "/oims/login"], ids=["the proxy strips", "the proxy does not"])
def test_every_address_on_a_page_begins_with_the_path_of_the_base_address(below, asked):
    page = below.test_client().get(asked, headers={"X-Forwarded-Prefix": "/evil", "Host": "evil.example"})
    assert page.status_code == 200
    links = LINK.findall(page.text)
    assert 'action="/oims/login' in page.text
    assert links
    assert [link for link in links if not link.startswith(("/oims/", "data:"))] == []


def test_the_styles_are_there_and_a_log_in_leads_below_the_path(below):
    client = below.test_client()
    style = next(link for link in LINK.findall(client.get("/login").text) if ".css" in link)
    with client.get(style) as answer:
        assert answer.status_code == 200
    asked = client.get("/incidents/7?x=1")
    assert asked.headers["Location"] == "/oims/login?next=/oims/incidents/7?x%3D1"
    assert client.get("/oims").headers["Location"] == "/oims/login?next=/oims/"


@pytest.mark.parametrize(
    "address",
    ["https://", "https://x.org/a b", "https://x.org/?x=1", "https://x.org/../x", "https://a@b.org/"],
)
def test_a_base_address_that_nothing_can_be_made_from_is_refused(make_settings, address):
    with pytest.raises(SettingsError, match="OIMS_BASE_URL"):
        make_settings(base_url=address)


@pytest.fixture
def browser_of_alice(client, alice):
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text)
    form = {"csrf_token": token[1], "email": alice.email, "password": PASSWORD}
    assert client.post("/login", data=form).status_code == 303
    return client


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/incidents?label=a=b&state=all", "/?label=a=b&state=all"),
        ("/incidents", "/"),
        ("/incidents//7?x=1", "/incidents/7?x=1"),
    ],
)
def test_a_redirect_is_relative_and_keeps_the_query(browser_of_alice, asked, expected):
    answer = browser_of_alice.get(asked, headers={"Host": "evil.example", "X-Forwarded-Proto": "https"})
    assert answer.status_code in {302, 303, 308}
    assert answer.headers["Location"] == expected


def test_a_browser_that_keeps_no_cookie_is_told_so(app):
    page = app.test_client(use_cookies=False).post("/login", data={"email": "a@example.org", "password": "x"})
    assert page.status_code == 400
    assert "keeps no cookie" in page.text
    assert "Over http://" not in page.text


def test_a_browser_over_plain_http_is_told_the_right_address(make_app, make_settings):
    secure = make_app(make_settings(base_url="https://oims.example.org"))
    page = secure.test_client(use_cookies=False).post("/login", data={})
    assert "Over http:// no cookie is kept; the address is https://oims.example.org." in page.text


def test_a_form_of_an_earlier_visit_is_told_to_be_reloaded(client):
    client.get("/login")
    page = client.post("/login", data={"csrf_token": "old"})
    assert "earlier visit" in page.text
    assert "cookie" not in page.text


@pytest.fixture
def proxy(monkeypatch):
    """A proxy that the environment names; the addresses it was asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(503)
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - the name of http.server

        def log_message(self, *_args):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    yield asked
    server.shutdown()
    server.server_close()


def test_parts_are_asked_directly_whatever_proxy_the_environment_names(proxy, make_settings, context):
    away = "http://webhook.invalid"
    settings = make_settings(journal_url=away, journal_token="t" * 40)
    forget()
    with pytest.raises(requests.ConnectionError):
        Consumer(settings).poll()
    assert ask_or_none(lambda: ask(away, "/api/v2/silences", {})) is None
    assert ask_or_none(lambda: send_to_any([Alertmanager(away, str)], "/api/v2/alerts", [], None)) is None
    assert proxy == []


def ask_or_none(question):
    try:
        return question()
    except Unreachable:
        return None
