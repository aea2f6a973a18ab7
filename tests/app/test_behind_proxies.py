"""The app behind real reverse proxies, under a path, with and without the path taken off."""

import re
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

import pytest

from tests.app.server import ADMIN, running
from tests.processes import free_port
from tests.servers import Caddy, Haproxy, Nginx, needed, own_folder

pytestmark = [needed, pytest.mark.slow]

LINK = re.compile(r'(?:href|src|action)="([^"#]*)"')


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """The app that all of them lead to, and the port on which people find it."""
    port = free_port()
    settings = {"OIMS_BASE_URL": f"http://127.0.0.1:{port}/oims", "OIMS_COOKIE_SECURE": "false"}
    with running(tmp_path_factory.mktemp("app"), **settings) as server:
        yield server.url, port


@pytest.fixture(params=[True, False], ids=["takes the path off", "leaves the path"])
def address(request, app, proxy):
    """The address that people type."""
    url, port = app
    with own_folder() as place:
        server = proxy(place, port)
        server.start("/oims/", url, takes_off=request.param)
        yield f"http://127.0.0.1:{port}/oims"
        server.stop()


@pytest.mark.compatible("C10", "C18", "C19")
@pytest.mark.parametrize("proxy", [Nginx, Caddy, Haproxy])
def test_people_log_in_and_every_address_leads_back_through_the_proxy(address):
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def page(path, fields=None):
        data = urllib.parse.urlencode(fields).encode() if fields else None
        with browser.open(urllib.parse.urljoin(address, path), data, timeout=30) as answer:
            return answer.geturl(), answer.read().decode()

    found, login = page("/oims/?state=all")
    assert found.startswith(f"{address}/login?next=")
    links = LINK.findall(login)
    assert [link for link in links if not link.startswith(("/oims/", "data:"))] == []
    style = next(link for link in links if ".css" in link)
    assert "{" in page(style)[1]

    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', login)[1]
    form = re.search(r'action="(/oims/login[^"]*)"', login)[1].replace("&amp;", "&")
    found, text = page(form, {"csrf_token": token, "email": ADMIN[0], "password": ADMIN[1]})
    assert found.startswith(f"{address}/")
    assert "/login" not in found, text[:500]
