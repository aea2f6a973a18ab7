"""Who hears of an incident: the lists, the owner, and what people chose; a call always reaches somebody."""

from collections.abc import Callable

import pytest

from app.accounts import service as accounts
from app.extensions import db
from app.incidents import queries, service
from app.records.accounts import Role, User, UserStatus
from app.records.actors import AUTOMATION, SYSTEM, Actor
from app.records.outbox import OutboxMessage
from app.records.subscriptions import Least, Reach, Topic
from app.severities import Severity
from app.subscriptions import service as subscriptions
from tests.app.conftest import make_user

pytestmark = pytest.mark.usefixtures("context")

LEAD, BOSS = "lead@example.org", "boss@example.org"
EVERYTHING = dict.fromkeys(Topic, Least.ALL)
NOTHING = dict.fromkeys(Topic, Least.NEVER)


@pytest.fixture
def mail_settings() -> dict[str, str]:
    return {
        "mail_to": "Alice@example.org,oncall@example.org",
        "escalate_to": f"critical={LEAD} {BOSS},high={LEAD}",
    }


@pytest.fixture
def choose() -> Callable[..., None]:
    def choose(user: User, reach: Reach = Reach.CONCERNED, **least: Least) -> None:
        chosen = EVERYTHING | {Topic(name): value for name, value in least.items()}
        subscriptions.choose(user.id, reach=reach, least=chosen, is_collected=False)

    return choose


def opened(severity: Severity = Severity.HIGH) -> int:
    return service.create(title="Broken", severity=severity, actor=SYSTEM).id


def told(kind: str) -> dict[str, str]:
    """The addresses that a mail of this kind goes to, in small letters, with its plain text."""
    rows = db.session.query(OutboxMessage).filter_by(kind=kind).all()
    found = {row.recipient.lower(): row.text for row in rows}
    assert len(found) == len(rows), "nobody gets it twice"
    return found


def test_the_on_call_list_hears_of_everything_and_reads_why() -> None:
    opened()
    assert told("created").keys() == {"alice@example.org", "oncall@example.org"}
    assert "You get this mail because you are on the on-call list." in told("created")["oncall@example.org"]


@pytest.mark.parametrize(
    ("severity", "called"),
    [(Severity.CRITICAL, {LEAD, BOSS}), (Severity.HIGH, {LEAD}), (Severity.MEDIUM, set())],
)
@pytest.mark.parametrize(("actor", "kind"), [(SYSTEM, "escalated"), (AUTOMATION, "gave_up")])
def test_a_call_also_goes_to_the_escalation_list_of_its_severity(
    severity: Severity, called: set[str], actor: Actor, kind: str
) -> None:
    incident = opened(severity)
    service.escalate(incident, actor=actor, reason="It is worse")
    assert told(kind).keys() == {"alice@example.org", "oncall@example.org"} | called
    for address in called:
        assert f"you are called when a {severity} incident needs more people" in told(kind)[address]


def test_people_choose_from_which_severity_on_they_hear_of_what(
    alice: User, choose: Callable[..., None]
) -> None:
    choose(alice, opened=Least.HIGH, resolved=Least.NEVER)
    for severity in Severity:
        service.resolve(opened(severity), actor=SYSTEM, reason="Over")
    mails = db.session.query(OutboxMessage).filter(OutboxMessage.recipient.ilike(alice.email)).all()
    assert [(mail.kind, mail.subject[:10]) for mail in mails] == [
        ("created", "[OIMS #1] "),
        ("created", "[OIMS #2] "),
    ]
    assert len(told_to("oncall@example.org")) == 2 * len(Severity), "an address without an account has no say"


def told_to(address: str) -> list[str]:
    return [row.kind for row in db.session.query(OutboxMessage).filter_by(recipient=address)]


def test_who_wants_all_hears_of_incidents_of_others_without_being_on_a_list(
    bob: User, choose: Callable[..., None]
) -> None:
    opened()
    assert told_to(bob.email) == []
    choose(bob, Reach.EVERYTHING)
    opened()
    assert told_to(bob.email) == ["created"]
    assert "you asked for mails about all incidents" in told_to_text(bob.email)
    accounts.change_status(bob.id, status=UserStatus.DISABLED, by=SYSTEM)
    opened()
    assert told_to(bob.email) == ["created"]


def told_to_text(address: str) -> str:
    return db.session.query(OutboxMessage).filter_by(recipient=address).one().text


def test_an_assignment_is_told_to_the_owner_whatever_was_chosen(
    alice: User, bob: User, choose: Callable[..., None]
) -> None:
    choose(bob, **{topic.value: Least.NEVER for topic in Topic})
    service.assign(opened(), owner_id=bob.id, actor=Actor.person(alice))
    assert told("assigned").keys() == {bob.email}
    assert "the incident was assigned to you" in told_to_text(bob.email)


def test_the_owner_hears_of_the_end_and_of_calls(alice: User, bob: User) -> None:
    incident = opened()
    service.assign(incident, owner_id=bob.id, actor=Actor.person(alice))
    service.escalate(incident, actor=AUTOMATION, reason="It did not help")
    service.resolve(incident, actor=SYSTEM)
    assert told_to(bob.email) == ["assigned", "gave_up", "resolved"]


class TestACallIsNeverLost:
    @pytest.fixture
    def mail_settings(self) -> dict[str, str]:
        return {"mail_to": "alice@example.org"}

    def test_a_call_that_all_have_switched_off_goes_to_all(
        self, alice: User, choose: Callable[..., None]
    ) -> None:
        choose(alice, **{topic.value: Least.NEVER for topic in Topic})
        incident = opened()
        service.escalate(incident, actor=AUTOMATION, reason="It did not help")
        assert told_to(alice.email) == ["gave_up"]


class TestNobodyIsOnCall:
    @pytest.fixture
    def mail_settings(self) -> dict[str, str]:
        return {"mail_to": ""}

    def test_the_timeline_says_that_nobody_is_told(self) -> None:
        incident = opened()
        service.escalate(incident, actor=AUTOMATION, reason="It did not help")
        assert [event.summary for event in queries.timeline(incident) if event.kind == "mail_failed"] == [
            "Nobody is told by mail: nobody is on call, and nobody owns it."
        ]


def test_viewers_may_choose_too(choose: Callable[..., None]) -> None:
    choose(make_user("Vera", Role.VIEWER), Reach.EVERYTHING, opened=Least.CRITICAL)
    opened(Severity.HIGH)
    opened(Severity.CRITICAL)
    assert told_to("vera@example.org") == ["created"]
