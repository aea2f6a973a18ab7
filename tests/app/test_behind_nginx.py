"""The app behind a real nginx, under a path, with and without the path taken off."""

import re
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

import pytest

from tests.app.server import ADMIN, running
from tests.processes import free_port
from tests.servers import Nginx, needed, own_folder

pytestmark = [needed, pytest.mark.slow]

HEADERS = """
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
"""
LINK = re.compile(r'(?:href|src|action)="([^"#]*)"')


@pytest.fixture(scope="module", params=["/", ""], ids=["takes the path off", "leaves the path"])
def address(request, tmp_path_factory):
    """The address that people type."""
    port = free_port()
    address = f"http://127.0.0.1:{port}/oims"
    folder = tmp_path_factory.mktemp("app")
    with (
        running(folder, OIMS_BASE_URL=address, OIMS_COOKIE_SECURE="false") as server,
        own_folder() as place,
    ):
        nginx = Nginx(place, port)
        nginx.start("/oims/", f"      proxy_pass {server.url}{request.param};{HEADERS}")
        yield address
        nginx.stop()


@pytest.mark.compatible("C10")
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
