"""The real app behind a real server on a free port, and a real Chromium in front of it."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from app import create_app, models  # noqa: F401 - the models must be known before the tables are made
from app.config import Settings
from app.database import Base
from app.extensions import db
from tests.app.pages import stories

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 380, "height": 800}


@pytest.fixture(scope="session")
def chromium():
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: run `make browser`, which installs it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def site(tmp_path):
    """A running app: its address, and `tell` to let things happen behind the browser's back."""
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/site.db", secret_key="x" * 32, registration="open"
    )
    app = create_app(settings)
    with app.app_context():
        Base.metadata.create_all(db.engine)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Site(app, settings, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()
    server.server_close()
    with app.app_context():
        db.engine.dispose()


class Site:
    """The app as the tests see it from behind."""

    def __init__(self, app, settings, url: str) -> None:
        self.app = app
        self.settings = settings
        self.url = url
        self.now = datetime.now(UTC).replace(microsecond=0)

    def tell(self, story, *args, **kwargs):
        """Run a story or a use case as a worker would."""
        with self.app.app_context():
            return getattr(story(*args, **kwargs), "id", None)

    def person(self, name: str) -> stories.Person:
        with self.app.app_context():
            return stories.person(name)


@pytest.fixture
def alice(site):
    return site.person("Alice")


@pytest.fixture
def open_page(chromium, site):
    """Open a tab of a fresh browser profile; any error in its console fails the test."""
    contexts = []
    problems: list[str] = []

    def open_page(**options):
        context = chromium.new_context(base_url=site.url, **({"viewport": WIDE} | options))
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda message: problems.append(message.text) if "Content Security" in message.text else None,
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def log_in(open_page, alice):
    """Open a tab in which Alice is logged in."""

    def log_in(person: stories.Person = alice, **options):
        page = open_page(**options)
        page.goto("/login")
        page.get_by_label("E-mail address").fill(person.email)
        page.get_by_label("Password").fill(stories.PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/")
        return page

    return log_in
