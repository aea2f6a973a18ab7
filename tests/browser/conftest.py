"""The real app behind a real server, and a real Chromium in front of it: one of each for all tests of a run.

Before each test the database is empty again; people are logged in by their cookie.
"""

import os
import re
import threading
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from playwright.sync_api import sync_playwright
from sqlalchemy import text
from werkzeug.serving import make_server

from app.accounts import passwords, service
from app.config import Settings
from app.database import Base
from app.extensions import db
from app.factory import create_app
from app.records import tables
from app.records.accounts import Role
from app.records.outbox import OutboxMessage
from tests.app.browsers import signed_in
from tests.app.databases import postgres_database
from tests.app.pages import stories

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--renderer-process-limit=1",  # each test is a new profile; a process of its own takes a tenth more
]
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 380, "height": 800}


def pytest_collection_modifyitems(items):
    """A browser that moves on drops connections; the server then forgets a style sheet it was sending."""
    for item in items:
        if item.nodeid.startswith("tests/browser/"):
            item.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))


@pytest.fixture(scope="session")
def chromium():
    program = os.environ.get("OIMS_CHROMIUM")
    if not program:
        pytest.fail("OIMS_CHROMIUM is not set: `make test` sets it; `tools/browser` prints the path.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()


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

    def person(self, name: str, role: Role = Role.RESPONDER) -> stories.Person:
        with self.app.app_context():
            return stories.person(name, role)

    def cookie(self, person: stories.Person) -> dict[str, str]:
        """Return the cookie of a browser in which this person has logged in."""
        with self.app.app_context():
            client = signed_in(self.app, service.get(person.id))
        name = self.app.config["SESSION_COOKIE_NAME"]
        return {"name": name, "value": client.get_cookie(name).value, "url": self.url}

    def mailed_link(self, recipient: str) -> str:
        """Return the path of the last link in the newest mail to somebody."""
        with self.app.app_context():
            mails = db.session.query(OutboxMessage).filter_by(recipient=recipient)
            words = mails.order_by(OutboxMessage.id.desc()).limit(1).one().text
        return re.findall(r"https?://[^/\s]+(/\S+)", words)[-1]

    def empty(self) -> None:
        """Forget everything, also the numbers that were given out."""
        self.now = datetime.now(UTC).replace(microsecond=0)
        with self.app.app_context():
            if db.engine.dialect.name == "postgresql":
                names = ", ".join(tables.metadata.tables)
                with db.engine.begin() as connection:
                    connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
            else:
                Base.metadata.drop_all(db.engine)
                Base.metadata.create_all(db.engine)


@contextmanager
def serving(database_url: str):
    """Run the app on this database, with passwords that are hashed in no time."""
    settings = Settings(
        database_url=database_url,
        secret_key="x" * 32,
        registration="open",
        smtp_host="127.0.0.1",
        smtp_port=9,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", passwords.PasswordHasher(1, 8, 1))
        app = create_app(settings)
        with app.app_context():
            Base.metadata.create_all(db.engine)
        server = make_server("127.0.0.1", 0, app, threaded=True)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield Site(app, settings, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()
        server.server_close()
        with app.app_context():
            db.engine.dispose()


@pytest.fixture(scope="session")
def on_sqlite(tmp_path_factory):
    with serving(f"sqlite:///{tmp_path_factory.mktemp('browser')}/site.db") as site:
        yield site


@pytest.fixture(scope="session")
def on_postgresql():
    with postgres_database() as url, serving(url) as site:
        yield site


@pytest.fixture
def database():
    """SQLite, unless TEST_BROWSER_DATABASE says otherwise; what matters most is always run on BOTH."""
    return os.environ.get("TEST_BROWSER_DATABASE", "sqlite")


BOTH = pytest.mark.parametrize("database", ["sqlite", "postgresql"])


@pytest.fixture
def site(request, database):
    """A running app without any people or incidents."""
    site = request.getfixturevalue(f"on_{database}")
    site.empty()
    return site


@pytest.fixture
def alice(site):
    return site.person("Alice")


@pytest.fixture
def root(site):
    """Root runs the installation."""
    return site.person("Root", Role.ADMIN)


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
def log_in(request, open_page, site):
    """Open a page in a tab in which somebody is logged in: Alice, who responds, unless another is named."""

    def log_in(person: stories.Person | None = None, path: str = "/", **options):
        page = open_page(**options)
        page.context.add_cookies([site.cookie(person or request.getfixturevalue("alice"))])
        page.goto(path)
        return page

    return log_in
