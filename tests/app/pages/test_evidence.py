"""The picture of the expression and the silences, from servers that answer, lie, dawdle or are away."""

import json
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from app.alerts import sources
from app.config import Settings
from app.records.incidents import Incident
from app.web.incidents import evidence, pictures
from tests.app.pages import stories
from tests.app.pages.alerts import Alert
from tests.app.pages.client import text

POLYLINE = "{http://www.w3.org/2000/svg}polyline"
HOSTILE = "</title><script>alert(1)</script>"


class Server(ThreadingHTTPServer):
    """Answers from a table of paths; `asked` keeps what was asked."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = {}
        self.asked = []
        self.drip = False

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One answer."""

    def do_GET(self):
        parts = urlsplit(self.path)
        self.server.asked.append((parts.path, parse_qs(parts.query)))
        answer = self.server.answers.get(parts.path)
        self.send_response(200 if answer is not None else 404)
        self.end_headers()
        body = json.dumps(answer).encode()
        try:
            if self.server.drip:
                for _ in range(40):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    time.sleep(0.1)
            self.wfile.write(body)
        except OSError:
            pass  # the reader left, as it should

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def server():
    sources.forget()
    server = Server()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def settings(sqlite_url, server):
    return Settings(
        database_url=sqlite_url,
        secret_key="x" * 32,
        base_url="http://localhost",
        prometheus_url=server.url,
        alertmanager_url=(server.url,),
    )


@pytest.fixture
def alert(app, settings, at):
    with app.app_context():
        alert = Alert(settings, "ShopErrors", at, labels={"service": "shop"})
        alert.number = alert.fires().id
    return alert


def rules(*expressions):
    return {"data": {"groups": [{"rules": [{"query": expression} for expression in expressions]}]}}


def course(at, *values, **labels):
    points = [[at.timestamp() + 60 * number, value] for number, value in enumerate(values)]
    return {"data": {"result": [{"metric": labels, "values": points}]}}


def test_it_draws_the_expression_with_its_limit(browser, server, alert, at):
    server.answers["/api/v1/rules"] = rules("errors / requests > 0.05")
    server.answers["/api/v1/query_range"] = course(at, "0.01", "0.2", "NaN", "+Inf", "0.04")
    server.answers["/api/v2/alerts"] = []
    page = browser.get(f"/incidents/{alert.number}/evidence")
    assert len(page.all(POLYLINE)) == 1
    assert len(page.all(POLYLINE)[0].get("points").split()) == 3
    assert "between 0.01 and 0.2, the threshold is 0.05" in page.words
    assert "errors / requests > 0.05" in page.words
    (_, asked) = next(row for row in server.asked if row[0] == "/api/v1/query_range")
    assert asked["query"] == ["errors / requests"]


def test_the_picture_has_axes_a_threshold_marks_and_a_table_of_the_same_values(
    browser, app, server, settings, at
):
    server.answers["/api/v1/rules"] = rules("errors > 0.05")
    server.answers["/api/v1/query_range"] = course(at, "0.01", "0.2", "0.04")
    server.answers["/api/v2/alerts"] = []
    with app.app_context():
        number = stories.healed(settings, at).id
    page = browser.get(f"/incidents/{number}/evidence")
    words = [text(element) for element in page.all("{http://www.w3.org/2000/svg}text")]
    assert words[:5] == ["0", "0.05", "0.1", "0.15", "0.2"]
    assert {"threshold 0.05", "opened", "restart_oims.yml", "repaired and verified"} <= set(words)
    assert [text(cell) for cell in page.all("td")] == ["0.01", "0.2", "0.04"]


@given(
    values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=20),
    limit=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    minutes=st.integers(1, 60 * 24 * 30),
)
@settings_of_hypothesis(deadline=timedelta(seconds=2))
def test_any_values_are_drawn_inside_the_picture(values, limit, minutes):
    start = datetime(2026, 11, 23, 12, tzinfo=UTC)
    end = start + timedelta(minutes=minutes)
    step = (end - start).total_seconds() / len(values)
    drawable = [value for value in values if abs(value) < evidence.MOST] or [0.0]
    line = [(start.timestamp() + number * step, value) for number, value in enumerate(drawable)]
    limit = None if limit is None or abs(limit) >= evidence.MOST else limit
    incident = Incident(opened_at=start, resolved_at=None)
    picture = pictures.draw(evidence.Series("x > 1", start, end, [line], limit), incident, [], "UTC")
    points = [float(part) for point in picture.lines[0].split() for part in point.split(",")]
    assert all(0 <= value <= pictures.WIDTH for value in points)
    assert 2 <= len(picture.values) <= 12
    assert len(picture.times) <= 300


def test_an_expression_from_an_alert_is_not_run_where_prometheus_has_the_rule(browser, server, alert, at):
    server.answers["/api/v1/rules"] = rules("up == 0")
    server.answers["/api/v1/query_range"] = course(at, "1", "0")
    browser.get(f"/incidents/{alert.number}/evidence")
    (_, asked) = next(row for row in server.asked if row[0] == "/api/v1/query_range")
    assert asked["query"] == ["up == 0"]


def test_only_the_configured_servers_are_asked(browser, server, alert, at):
    """The alert's link names prometheus.example.org; its expression is used, its address never."""
    server.answers["/api/v1/rules"] = rules()
    server.answers["/api/v1/query_range"] = course(at, "1", "2")
    page = browser.get(f"/incidents/{alert.number}/evidence")
    assert page.all(POLYLINE)
    (_, asked) = next(row for row in server.asked if row[0] == "/api/v1/query_range")
    assert asked["query"] == ["errors"]


def test_silences_of_this_alert_are_shown_and_hostile_words_stay_words(browser, server, alert):
    server.answers["/api/v2/alerts"] = [
        {"fingerprint": alert.fingerprint, "status": {"silencedBy": ["a"]}},
        {"fingerprint": "other", "status": {"silencedBy": ["b"]}},
    ]
    ends_at = "2026-11-23T23:00:00.000Z"
    server.answers["/api/v2/silences"] = [
        {"id": "a", "comment": HOSTILE, "createdBy": "carol", "endsAt": ends_at},
        {"id": "b", "comment": "Not ours", "createdBy": "carol", "endsAt": ends_at},
        {"id": "a", "comment": "broken", "endsAt": "whenever"},
    ]
    words = browser.get(f"/incidents/{alert.number}/evidence").words
    assert f"{HOSTILE}, by carol, until 2026-11-23 23:00:00 UTC" in words
    assert "Not ours" not in words


@pytest.mark.parametrize("answer", [None, [], {}, 7, {"data": []}, {"data": {"groups": [7, {"rules": 8}]}}])
def test_an_answer_that_makes_no_sense_breaks_nothing(browser, server, alert, answer):
    for path in ("/api/v1/rules", "/api/v1/query_range", "/api/v2/alerts", "/api/v2/silences"):
        server.answers[path] = answer
    page = browser.get(f"/incidents/{alert.number}/evidence")
    assert not page.all(POLYLINE)


def test_a_server_that_dawdles_is_left_and_not_asked_again_soon(browser, server, alert):
    server.answers["/api/v1/rules"] = rules("up")
    server.drip = True
    for _ in range(3):
        words = browser.get(f"/incidents/{alert.number}/evidence").words
        assert "No picture: Prometheus did not answer." in words
        assert "Alertmanager did not answer." in words
    assert sorted(path for path, _ in server.asked) == ["/api/v1/rules", "/api/v2/alerts"]


def test_answers_are_kept_for_a_while(browser, server, alert, at):
    server.answers["/api/v1/rules"] = rules("up")
    server.answers["/api/v2/alerts"] = []
    for _ in range(3):
        browser.get(f"/incidents/{alert.number}/evidence")
    assert [path for path, _ in server.asked].count("/api/v1/rules") == 1


def test_the_incident_page_asks_nobody_and_links_to_the_picture(browser, server, alert):
    page = browser.get(f"/incidents/{alert.number}")
    assert server.asked == []
    assert f"/incidents/{alert.number}/evidence" in [link.get("href") for link in page.all("a")]


def test_an_incident_without_an_alert_has_neither(browser, server, tell, alice, at):
    number = tell(stories.reported, alice, at)
    words = browser.get(f"/incidents/{number}/evidence").words
    assert "Nothing is known of this incident's alert there." in words
    assert server.asked == []
