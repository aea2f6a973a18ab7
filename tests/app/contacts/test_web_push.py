"""Web push: a push service on this machine that checks the signature and decrypts what it gets."""

import base64
import json
from collections.abc import Callable
from threading import Event
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.clock import now
from app.config import Settings
from app.contacts import service, web_push
from app.contacts.web_push import Pusher
from app.database import transaction
from app.errors import InvalidInput
from app.extensions import db
from app.notify import people
from app.notify.people import Message
from app.notify.sender import Sender
from app.records import audit
from app.records.accounts import User
from app.records.channels import Channel, ContactMethod, MethodKind, Urgency
from app.records.outbox import MailKind, MailState, OutboxMessage
from tests.app.receivers import Got, Receiver


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Browser:
    """The browser's half: its keys, its subscription, and what it reads."""

    def __init__(self, receiver: Receiver) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = b"0123456789abcdef"
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": text_of(point), "auth": text_of(self._auth)}
        self.subscription = {"endpoint": f"{receiver.url}/push/abc", "expirationTime": None, "keys": keys}

    def read(self, got: Got) -> Any:
        assert got.headers["content-encoding"] == "aes128gcm"
        plain = http_ece.decrypt(got.body, private_key=self._key, auth_secret=self._auth, version="aes128gcm")
        return json.loads(plain)


def check_signature(got: Got, public: str, audience: str) -> dict[str, Any]:
    """Check as RFC 8292 says; return the claims."""
    scheme, _, parameters = got.headers["authorization"].partition(" ")
    assert scheme == "vapid"
    given = dict(one.strip().split("=", 1) for one in parameters.split(","))
    assert given["k"].rstrip("=") == public
    head, body, signature = given["t"].split(".")
    raw = bytes_of(signature)
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes_of(public))
    encoded = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key.verify(encoded, f"{head}.{body}".encode(), ec.ECDSA(SHA256()))
    claims: dict[str, Any] = json.loads(bytes_of(body))
    assert claims["aud"] == audience
    assert now().timestamp() < claims["exp"] < now().timestamp() + 24 * 3600
    return claims


@pytest.fixture
def push(settings: Settings) -> Callable[[], int]:
    return lambda: Sender(settings, "worker-1", Channel.WEB_PUSH, Pusher).send_due(Event())


@pytest.fixture
def public(context: None) -> str:
    with transaction():
        web_push.make_keys()
    return web_push.public_key()


@pytest.fixture
def browser(receiver: Receiver) -> Browser:
    receiver.status = 201
    return Browser(receiver)


@pytest.fixture
def method(alice: User, public: str, browser: Browser) -> ContactMethod:
    address = json.dumps(browser.subscription)
    return service.add(alice, kind=MethodKind.WEB_PUSH, name="Firefox", address=address)


def message() -> OutboxMessage:
    db.session.rollback()
    return (
        db.session.query(OutboxMessage)
        .filter_by(channel=Channel.WEB_PUSH)
        .order_by(OutboxMessage.id)
        .all()[-1]
    )


def prove(
    alice: User, method: ContactMethod, push: Callable[[], int], browser: Browser, receiver: Receiver
) -> None:
    assert push() == 1
    words = browser.read(receiver.got[-1])["body"]
    code = next(word for word in words.replace(".", " ").split() if word.isdecimal())
    service.prove(alice, method.id, code)


def page(user: User) -> None:
    with transaction():
        words = Message(
            "Checkout is down", ("Nobody has it.",), why="on call", link="https://oims.example.org/1"
        )
        people.notify(user.id, Urgency.HIGH, words, reference="step 1")


def test_a_browser_is_proved_and_reads_a_page(
    alice: User,
    method: ContactMethod,
    push: Callable[[], int],
    browser: Browser,
    receiver: Receiver,
    public: str,
) -> None:
    prove(alice, method, push, browser, receiver)
    page(alice)
    assert push() == 1
    got = receiver.got[-1]
    assert (got.method, got.path) == ("POST", "/push/abc")
    assert (got.headers["urgency"], got.headers["ttl"]) == ("high", "1800")
    assert check_signature(got, public, receiver.url)["sub"] == "https://oims.example.org"
    assert b"Checkout" not in got.body
    told = browser.read(got)
    assert told["title"] == "Checkout is down"
    assert (told["body"], told["url"]) == ("Nobody has it.", "https://oims.example.org/1")


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_ended_its_subscription_is_used_no_more(
    alice: User,
    method: ContactMethod,
    push: Callable[[], int],
    browser: Browser,
    receiver: Receiver,
    status: int,
) -> None:
    prove(alice, method, push, browser, receiver)
    receiver.status = status
    page(alice)
    push()
    assert message().state is MailState.DEAD
    assert db.session.get_one(ContactMethod, method.id).proved_at is None
    assert "method_ended" in audit.kinds()


@pytest.mark.parametrize("status", [429, 500])
def test_a_push_service_in_trouble_is_tried_again(
    method: ContactMethod, push: Callable[[], int], receiver: Receiver, status: int
) -> None:
    receiver.status = status
    push()
    assert message().state is MailState.WAITING


def test_the_keys_are_made_once_and_sealed(public: str) -> None:
    with transaction():
        web_push.make_keys()
    assert web_push.public_key() == public
    assert len(bytes_of(public)) == 65


@pytest.mark.threat("T48")
@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": "http://10.0.0.1/push"},
        {"endpoint": "https://localhost/push"},
        {"endpoint": "file:///etc/passwd"},
        {"endpoint": "x" * 2_001},
        {"keys": {"p256dh": "x", "auth": "y"}},
        {"keys": None},
    ],
)
def test_no_other_subscription_is_taken(
    alice: User, public: str, browser: Browser, change: dict[str, Any]
) -> None:
    address = json.dumps(browser.subscription | change)[:2_000]
    with pytest.raises(InvalidInput):
        service.add(alice, kind=MethodKind.WEB_PUSH, name="Firefox", address=address)
    assert db.session.query(OutboxMessage).filter_by(kind=MailKind.PROOF).count() == 0


def test_a_point_that_is_not_on_the_curve_is_a_dead_letter(
    alice: User, public: str, browser: Browser, push: Callable[[], int]
) -> None:
    browser.subscription["keys"]["p256dh"] = text_of(b"\x04" + b"\x01" * 64)
    address = json.dumps(browser.subscription)
    service.add(alice, kind=MethodKind.WEB_PUSH, name="Firefox", address=address)
    assert push() == 0
    assert message().state is MailState.DEAD
