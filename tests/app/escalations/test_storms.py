"""A storm pages once, and nobody is paged more often than the cap says."""

import pytest
from sqlalchemy import select

from app.extensions import db
from app.incidents import service as incidents
from app.records.escalations import EscalationState, Page
from app.records.outbox import MailKind, OutboxMessage
from app.severities import Severity
from tests.app.escalations.conftest import escalation, me, pages, told

pytestmark = pytest.mark.usefixtures("context")


def test_a_storm_pages_once_and_the_page_says_how_many_came_with_it(chain, opened, pass_):
    first, *rest = [opened(title=f"Shop {number} fails") for number in range(38)]
    pass_()
    assert pages() == ["alice"]
    subject = db.session.scalar(select(OutboxMessage.subject).where(OutboxMessage.kind == MailKind.PAGE))
    assert subject.endswith("(+ 37 more)")
    assert "(+ 37 more)" in told(first)[0]
    expected = f"Nobody is paged anew: the page about incident {first.id} tells of it."
    assert [told(incident) for incident in rest] == [[expected]] * 37


def test_who_acknowledges_the_page_has_all_that_it_tells_of(chain, opened, pass_, alice):
    first, second = opened(), opened(title="Another")
    pass_()
    incidents.acknowledge(first.id, actor=me(alice))
    pass_(30)
    assert pages() == ["alice"]
    assert escalation(second).state is EscalationState.ACKNOWLEDGED
    assert "is acknowledged" in told(second)[-1]


def test_when_the_paged_incident_ends_the_others_have_a_page_of_their_own(chain, opened, pass_, alice):
    first, second = opened(), opened(title="Another")
    pass_()
    incidents.resolve(first.id, actor=me(alice))
    pass_(1)
    assert pages() == ["alice", "alice"]
    assert escalation(second).state is EscalationState.PAGING


def test_a_worse_incident_joins_no_page(chain, opened, pass_):
    opened(severity=Severity.HIGH)
    pass_()
    opened(title="Worse", severity=Severity.CRITICAL)
    pass_()
    assert pages() == ["alice", "alice"]


def test_an_incident_long_after_the_page_has_its_own(chain, opened, pass_):
    opened()
    pass_()
    pass_(6)
    opened(title="Later")
    pass_()
    assert pages() == ["alice", "bob", "alice"]


def test_over_the_cap_pages_are_counted_and_told_and_the_chain_goes_on(app, chain, opened, pass_):
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"page_cap": 1})
    opened()
    pass_()
    pass_(6)
    second = opened(title="Later")
    pass_()
    assert pages() == ["alice", "bob"]
    assert "Alice had 1 page within the hour and is not paged again: step 1" in told(second)[0]
    assert db.session.query(Page).filter_by(is_sent=False).count() == 1
