"""The real Prometheus behind nginx, which asks the app about every request, as an Ingress controller does."""

import re
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from tests.app.server import ROOT, running
from tests.processes import free_port
from tests.servers import Nginx, Server, needed, own_folder

pytestmark = [needed, pytest.mark.slow]

VIEWER = ("viewer@example.org", "a long second password")
PROMETHEUS = ROOT / ".tools/bin/prometheus"


def guarded(path: str, backend: str, app: str, role: str) -> list[str]:
    """Write the locations that ingress-nginx makes of ``auth-url`` and ``auth-signin``."""
    name = path.strip("/")
    body = "proxy_pass_request_body off; proxy_set_header Content-Length '';"
    asks = f"auth_request /_{name}; error_page 401 = @{name};"
    return [
        f"location {path} {{ {asks} proxy_pass {backend}; {Nginx.HEADERS} }}",
        f"location = /_{name} {{ internal; {body} proxy_pass {app}/session/{role}; }}",
        f"location @{name} {{ return 302 /session/enter?next=$request_uri; }}",
    ]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory):
    """What people type: the app, and the same Prometheus at two paths, for viewers and for administrators."""
    with own_folder() as place, own_folder() as data:
        (data / "prometheus.yml").write_text("scrape_configs: []\n")
        prometheus = Server(data)
        prometheus.run(
            PROMETHEUS,
            "--config.file=prometheus.yml",
            f"--web.listen-address=127.0.0.1:{prometheus.port}",
            "--web.external-url=http://127.0.0.1/prometheus",
        )
        backend, port = f"http://127.0.0.1:{prometheus.port}", free_port()
        settings = {"OIMS_BASE_URL": f"http://127.0.0.1:{port}", "OIMS_COOKIE_SECURE": "false"}
        with running(tmp_path_factory.mktemp("app"), **settings) as app:
            app.manage("user", "create", VIEWER[0], "--name", "V", "--role", "viewer", typed=VIEWER[1] + "\n")
            nginx = Nginx(Path(place), port)
            nginx.serve(
                f"location / {{ proxy_pass {app.url}; {Nginx.HEADERS} }}",
                *guarded("/prometheus/", backend, app.url, "viewer"),
                *guarded("/closed/", backend, app.url, "admin"),
            )
            yield f"http://127.0.0.1:{port}"
            nginx.stop()
        prometheus.stop()


class Browser:
    """Keeps cookies and follows redirects."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())).open

    def ask(self, path: str, fields: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Return status, the address at the end, and the text."""
        data = urllib.parse.urlencode(fields).encode() if fields else None
        try:
            with self.open(urllib.parse.urljoin(self.address, path), data, timeout=30) as answer:
                return answer.status, answer.geturl(), answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.geturl(), error.read().decode()

    def log_in(self, page: str, who: tuple[str, str]) -> tuple[int, str, str]:
        """Fill the log-in page; return where it leads."""
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        form = re.search(r'action="(/login[^"]*)"', page)
        assert token
        assert form
        fields = {"csrf_token": token[1], "email": who[0], "password": who[1]}
        return self.ask(form[1].replace("&amp;", "&"), fields)


QUERY = "/prometheus/api/v1/query?query=vector(42)"


@pytest.mark.compatible("C10")
@pytest.mark.threat("T20")
def test_prometheus_opens_to_who_is_logged_in_and_to_nobody_else(address: str) -> None:
    browser = Browser(address)
    status, found, page = browser.ask(QUERY)
    assert (status, found.startswith(f"{address}/login?next=")) == (200, True)
    assert "success" not in page
    status, found, text = browser.log_in(page, VIEWER)
    assert (status, found) == (200, f"{address}{QUERY}")
    assert '"success"' in text


def test_a_role_that_is_not_enough_is_refused_and_led_nowhere(address: str) -> None:
    browser = Browser(address)
    _, _, page = browser.ask("/login")
    browser.log_in(page, VIEWER)
    status, found, _ = browser.ask("/closed/")
    assert (status, found) == (403, f"{address}/closed/")


def test_a_query_that_is_posted_is_asked_about_too(address: str) -> None:
    browser = Browser(address)
    _, found, _ = browser.ask("/prometheus/api/v1/query", {"query": "vector(42)"})
    assert found.startswith(f"{address}/login?next=")
    _, _, page = browser.ask("/login")
    browser.log_in(page, VIEWER)
    status, _, text = browser.ask("/prometheus/api/v1/query", {"query": "vector(42)"})
    assert (status, '"42"' in text) == (200, True)
