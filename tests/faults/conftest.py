import pytest

from tests.doctor.checkup import assert_sound
from tests.webhook.process import KEY, WebhookProcess


@pytest.fixture
def webhook(tmp_path):
    """A webhook whose journal must be sound when the test is over, unless the test says that it broke it."""
    process = WebhookProcess(tmp_path)
    yield process
    process.end()
    if process.is_sound and process.journal.exists():
        key = tmp_path / "event-key"
        key.write_text(KEY)
        assert_sound(f"--journal={process.journal}", f"--log={process.log}", f"--event-key-file={key}")
