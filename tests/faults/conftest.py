import pytest

from tests.webhook.process import WebhookProcess


@pytest.fixture
def webhook(tmp_path):
    process = WebhookProcess(tmp_path)
    yield process
    process.end()
