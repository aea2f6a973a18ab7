"""Servers on this machine, which the settings allow, and the worker's sender to them."""

from collections.abc import Callable, Iterator
from threading import Event

import pytest

from app.config import Settings
from app.contacts.sending import Messenger
from app.notify.sender import Sender
from app.records.channels import Channel
from tests.app.receivers import Receiver


@pytest.fixture
def allowed() -> str:
    """What an administrator allows."""
    return "127.0.0.1"


@pytest.fixture
def settings(make_settings: Callable[..., Settings], allowed: str) -> Settings:
    return make_settings(
        base_url="https://oims.example.org", outgoing_allow=allowed, smtp_host="127.0.0.1", smtp_port=9
    )


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    found.start()
    yield found
    found.stop()


@pytest.fixture
def send(settings: Settings) -> Callable[[], int]:
    """Do once what the worker does all the time; say how many messages were taken."""
    return lambda: Sender(settings, "worker-1", Channel.MESSAGING, Messenger).send_due(Event())
