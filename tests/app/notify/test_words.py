"""What mails say and how: subject, story first, thread, foot, one click; hostile text stays text."""

from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage

import pytest

from app.clock import now
from app.config import Settings
from app.database import transaction
from app.incidents import service
from app.notify import account_mails
from app.records.accounts import Role, User
from app.records.actors import SYSTEM, Actor
from app.records.incidents import Incident
from app.severities import Severity
from tests.app.conftest import make_user
from tests.app.notify.conftest import ON_CALL, Sink, words
from tests.app.pages import stories

pytestmark = pytest.mark.usefixtures("context")

HOSTILE = [
    "Disk full\r\nBcc: victim@example.net\r\n\r\nHello",
    "=?utf-8?q?Bcc:_victim=40example.net?=",
    "<script>alert(1)</script>{{ 7*7 }}",
    "x" * 5000,
    "\u202eevil\u2028\u0000\udcff",
    "",
]

HEADERS = {"From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References"}
HEADERS |= {"Auto-Submitted", "MIME-Version", "Content-Type"}


def incident(title: str = "Error rate of the shop API above 5 %") -> Incident:
    return service.create(title=title, severity=Severity.HIGH, actor=SYSTEM)


def the_mail(sink: Sink, kind: str = "") -> EmailMessage:
    return next(mail for mail in sink.to(ON_CALL) if kind in mail["Subject"])


def test_a_repair_is_told_with_what_ran_and_how_it_is_known_to_have_helped(
    settings: Settings, sink: Sink, send: Callable[[], int]
) -> None:
    stories.healed(settings, now() - timedelta(minutes=10))
    send()
    mail = the_mail(sink, "Repaired")
    assert mail["Subject"] == "[OIMS #1] Repaired: Error rate of the shop API above 5 %: shop/api"
    story = (
        "Automation ran restart_oims.yml on Deployment shop/api. The same alert cleared after 41 s and "
        "stayed clear for 2 min; 3 of 3 replicas ready."
    )
    for kind in ("plain", "html"):
        said = words(mail, kind)
        assert said.removeprefix("Error rate of the shop API above 5 %: shop/api").strip().startswith(story)
        for fact in ("critical", "resolved", "namespace", "shop", "you are on the on-call list"):
            assert fact in said
        assert "https://oims.example.org/incidents/1" in mail.get_body((kind,)).get_content()  # type: ignore[union-attr]


def test_all_mails_of_an_incident_stand_in_one_thread_and_each_has_an_id_of_its_own(
    alice: User, sink: Sink, send: Callable[[], int]
) -> None:
    made = incident()
    service.escalate(made.id, actor=SYSTEM)
    service.resolve(made.id, actor=Actor.person(alice))
    send()
    assert {mail["References"] for mail in sink.mails} == {f"<incident-{made.id}@oims.example.org>"}
    assert {mail["In-Reply-To"] for mail in sink.mails} == {f"<incident-{made.id}@oims.example.org>"}
    assert len({mail["Message-ID"] for mail in sink.mails}) == len(sink.mails) == 3
    assert {mail["Auto-Submitted"] for mail in sink.mails} == {"auto-generated"}


class TestForPeopleWithAnAccount:
    @pytest.fixture
    def mail_settings(self) -> dict[str, str]:
        return {"mail_to": "alice@example.org"}

    def test_the_foot_leads_to_the_choice_and_news_end_by_one_click(
        self, alice: User, sink: Sink, send: Callable[[], int]
    ) -> None:
        service.escalate(incident().id, actor=SYSTEM)
        send()
        created, escalated = sink.to(alice.email)
        for kind in ("plain", "html"):
            assert "https://oims.example.org/profile/mails" in created.get_body((kind,)).get_content()  # type: ignore[union-attr]
        assert created["List-Unsubscribe"].startswith("<https://oims.example.org/unsubscribe/")
        assert created["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        raw = next(line for line in sink.raw[0].splitlines() if line.startswith(b"List-Unsubscribe:"))
        assert raw.endswith(b">"), "it stands on one line, as it is"
        assert escalated["List-Unsubscribe"] is None, "a call must not get lost by a click"

    def test_over_plain_http_no_one_click_is_promised(
        self,
        make_settings: Callable[..., Settings],
        alice: User,
        sink: Sink,
        send: Callable[[], int],
        app: object,
    ) -> None:
        app.config["SETTINGS"] = make_settings(  # type: ignore[attr-defined]
            base_url="http://oims.example.org", smtp_host="x", mail_to=alice.email
        )
        incident()
        send()
        assert sink.mails[0]["List-Unsubscribe"].startswith("<http://")
        assert sink.mails[0]["List-Unsubscribe-Post"] is None


def test_an_address_without_an_account_is_promised_nothing(sink: Sink, send: Callable[[], int]) -> None:
    incident()
    send()
    assert sink.mails[0]["List-Unsubscribe"] is None
    assert "/profile/mails" not in words(sink.mails[0])


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.threat("T16")
def test_hostile_text_neither_makes_headers_nor_code(
    text: str, settings: Settings, sink: Sink, send: Callable[[], int]
) -> None:
    alert = stories.Alert(
        settings,
        "ShopErrors",
        now() - timedelta(minutes=1),
        labels={"severity": "high", "team": text, "service": text},
        annotations={"summary": text, "description": text},
    )
    alert.fires()
    service.escalate(alert.incident.id, actor=SYSTEM, reason=text)
    assert send() == 2
    for mail in sink.mails:
        assert set(mail.keys()) == HEADERS
        assert mail["Subject"].startswith("[OIMS #1] ")
        assert len(mail["Subject"]) <= 200
        assert "<script" not in mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
        assert "49" not in words(mail)


@pytest.mark.parametrize("name", HOSTILE[:5])
@pytest.mark.threat("T17")
def test_a_hostile_name_in_a_letter_makes_no_header(name: str, sink: Sink, send: Callable[[], int]) -> None:
    admin = make_user("Root", Role.ADMIN)
    with transaction():
        stranger = make_user("Eve", Role.VIEWER)
        stranger.name = name[:80].encode("utf-8", "replace").decode().replace("\0", "")
        account_mails.account_waiting(admin, stranger)
    assert send() == 1
    assert sink.mails[0]["Bcc"] is None
    assert "<script" not in sink.mails[0].get_body(("html",)).get_content()  # type: ignore[union-attr]
