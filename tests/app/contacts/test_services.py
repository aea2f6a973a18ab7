"""What reaches messaging services: the documented requests, field by field, at servers on this machine."""

import base64
import json
from urllib.parse import parse_qs

import pytest
from apprise.plugins.slack import NotifySlack
from apprise.plugins.twilio import NotifyTwilio

from app.contacts import services
from app.contacts.services import NotTaken
from app.outside import Allowed
from app.records.channels import MethodKind
from tests.app.receivers import Got, Receiver

HERE = Allowed.of(["127.0.0.1"])
TITLE = "Checkout is down <b> {{ 7*7 }}"
TEXT = "Nobody has acknowledged it.\nhttps://oims.example.org/incidents/1"
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#oncall"
SID, TOKEN = "AC" + "0a" * 16, "0b" * 16
TWILIO = f"twilio://{SID}:{TOKEN}@+15005550006/+491705550100"


def sent(receiver: Receiver, address: str) -> Got:
    services.send(address, title=TITLE, text=TEXT, allowed=HERE)
    (got,) = receiver.got
    assert got.method == "POST"
    return got


def test_ntfy_gets_topic_title_and_message(receiver: Receiver) -> None:
    """docs.ntfy.sh/publish, "publish as JSON"."""
    got = sent(receiver, f"ntfy://ada:secret@127.0.0.1:{receiver.port}/oncall?priority=high")
    assert got.path == "/"
    assert got.json["topic"] == "oncall"
    assert got.json["title"] == TITLE
    assert got.json["message"] == TEXT
    assert got.headers["x-priority"] in {"4", "high"}
    assert got.headers["authorization"] == "Basic " + base64.b64encode(b"ada:secret").decode()


def test_gotify_gets_title_message_and_its_token(receiver: Receiver) -> None:
    """gotify.net/docs/pushmsg and /api-docs: POST /message with X-Gotify-Key."""
    got = sent(receiver, f"gotify://127.0.0.1:{receiver.port}/AbCdEf123456789")
    assert got.path == "/message"
    assert got.headers["x-gotify-key"] == "AbCdEf123456789"
    assert got.headers["content-type"] == "application/json"
    assert got.json["title"] == TITLE
    assert got.json["message"] == TEXT
    assert isinstance(got.json["priority"], int)


def test_slack_gets_channel_and_text(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """docs.slack.dev, "sending messages using incoming webhooks". Its host is this machine here."""
    monkeypatch.setattr(NotifySlack, "webhook_url", f"{receiver.url}/services")
    receiver.answer = b"ok"
    got = sent(receiver, SLACK)
    assert got.path == "/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    assert got.headers["content-type"].startswith("application/json")
    assert got.json["channel"] == "#oncall"
    words = json.dumps(got.json)
    assert "Nobody has acknowledged it." in words
    assert "Checkout is down" in words


def test_mattermost_gets_text_and_name(receiver: Receiver) -> None:
    """developers.mattermost.com, "incoming webhooks": POST /hooks/token with text and username."""
    got = sent(receiver, f"mmost://127.0.0.1:{receiver.port}/3ccdd113474722377935511fc85d3dd4")
    assert got.path == "/hooks/3ccdd113474722377935511fc85d3dd4"
    assert got.headers["content-type"] == "application/json"
    assert "Nobody has acknowledged it." in got.json["text"]
    assert "Checkout is down" in got.json["text"]
    assert got.json["username"] == "OIMS"


def test_twilio_gets_from_to_and_body(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """twilio.com/docs/messaging/api/message-resource: a form with Body, From and To; here on this machine."""
    monkeypatch.setattr(
        NotifyTwilio, "notify_sms_url", f"{receiver.url}/2010-04-01/Accounts/{{sid}}/Messages.json"
    )
    receiver.status = 201
    got = sent(receiver, TWILIO)
    assert got.path == f"/2010-04-01/Accounts/{SID}/Messages.json"
    assert got.headers["authorization"] == "Basic " + base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
    form = {name: values[0] for name, values in parse_qs(got.body.decode()).items()}
    assert (form["From"], form["To"]) == ("+15005550006", "+491705550100")
    assert "Nobody has acknowledged it." in form["Body"]


@pytest.mark.threat("T48")
@pytest.mark.parametrize(
    "address",
    [
        "gotify://127.0.0.1:{port}/AbCdEf123456789",
        "gotify://localhost:{port}/AbCdEf123456789",
        "gotify://2130706433:{port}/AbCdEf123456789",
        "ntfy://127.0.0.1:{port}/topic",
        "mmost://127.0.0.1:{port}/3ccdd113474722377935511fc85d3dd4",
        "matrix://ada:secret@127.0.0.1:{port}/%23room",
        "workflows://127.0.0.1:{port}/workflow/signature",
    ],
)
def test_no_service_reaches_a_host_inside(receiver: Receiver, address: str) -> None:
    with pytest.raises(NotTaken) as caught:
        services.send(address.format(port=receiver.port), title=TITLE, text=TEXT, allowed=Allowed())
    assert "lies inside" in caught.value.reason
    assert caught.value.is_permanent
    assert receiver.got == []


def test_a_redirect_of_a_service_is_not_followed(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 307, {"Location": f"{receiver.url}/other"}
    with pytest.raises(NotTaken):
        services.send(f"gotify://127.0.0.1:{receiver.port}/Abc123", title=TITLE, text=TEXT, allowed=HERE)
    assert [got.path for got in receiver.got] == ["/message"]


@pytest.mark.parametrize(
    ("status", "is_permanent"),
    [(401, True), (403, True), (404, True), (429, False), (500, False), (503, False)],
)
def test_the_reason_is_read_from_apprise(receiver: Receiver, status: int, is_permanent: object) -> None:
    receiver.status = status
    with pytest.raises(NotTaken) as caught:
        services.send(f"gotify://127.0.0.1:{receiver.port}/Abc123", title=TITLE, text=TEXT, allowed=HERE)
    assert f"error={status}" in caught.value.reason
    assert "Abc123" not in caught.value.reason
    assert caught.value.is_permanent is is_permanent


def test_a_service_that_is_away_is_tried_again(receiver: Receiver) -> None:
    receiver.stop()
    with pytest.raises(NotTaken) as caught:
        services.send(f"gotify://127.0.0.1:{receiver.port}/Abc123", title=TITLE, text=TEXT, allowed=HERE)
    assert not caught.value.is_permanent


@pytest.mark.parametrize("kind", list(services.SCHEMES))
def test_no_other_kind_of_address_is_taken(kind: MethodKind) -> None:
    for address in (
        "file:///etc/passwd",
        "json://127.0.0.1/",
        "mailto://a:b@example.org",
        "exec://x",
        "https://example.org/",
        "dbus://",
        "",
        "gotify://h/t?attach=file:///etc/passwd",
        "ntfys://h/t?attach=/etc/passwd",
        "ntfys://h/t?verify=no",
        "ntfys://h/t?redirect=yes",
        "ntfys://h/t?rto=999999",
        "ntfys://h/t\n",
        "ntfys://[",
    ):
        assert services.problem(kind, address), address


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        (MethodKind.NTFY, "ntfys://oncall-topic"),
        (MethodKind.NTFY, "ntfys://ntfy.example.org/topic?priority=high"),
        (MethodKind.PUSHOVER, f"pover://{'u' * 30}@{'a' * 30}"),
        (MethodKind.GOTIFY, "gotifys://gotify.example.org/AbCdEf123456789"),
        (MethodKind.TELEGRAM, "tgram://123456789:abcdefg_hijklmnop/12315544"),
        (MethodKind.SLACK, SLACK),
        (MethodKind.MATTERMOST, "mmosts://chat.example.org/3ccdd113474722377935511fc85d3dd4"),
        (MethodKind.TEAMS, "workflows://prod-1.example.org:443/abcd1234/signature"),
        (MethodKind.MATRIX, "matrixs://ada:secret@matrix.example.org/#room"),
        (MethodKind.TWILIO, TWILIO),
        (MethodKind.VONAGE, f"vonage://{'a' * 8}:{'b' * 16}@15005550006/491705550100"),
        (MethodKind.SIGNL4, "signl4://abcdefgh"),
    ],
)
def test_an_address_of_each_service_is_taken(kind: MethodKind, address: str) -> None:
    assert services.problem(kind, address) is None
    others = [other for other in services.SCHEMES if other is not kind]
    assert all(services.problem(other, address) for other in others)
