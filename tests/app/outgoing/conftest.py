"""A receiver on this machine, which the settings allow, and the worker's sender to it."""

from collections.abc import Callable, Iterator
from threading import Event

import pytest

from app.config import Settings
from app.notify.sender import Sender
from app.outgoing.sending import WebhookCaller
from app.records.channels import Channel
from tests.app.receivers import Receiver


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    return make_settings(base_url="https://oims.example.org", outgoing_allow="127.0.0.1")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    found.start()
    yield found
    found.stop()


@pytest.fixture
def send(settings: Settings) -> Callable[[], int]:
    """Do once what the worker does all the time; say how many changes were taken."""
    return lambda: Sender(settings, "worker-1", Channel.WEBHOOK, WebhookCaller).send_due(Event())
