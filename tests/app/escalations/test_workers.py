"""Real workers that page, killed again and again: each step once on the timeline and in the outbox."""

import os
import signal
from collections import Counter
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, update

from app.clock import now
from app.database import transaction
from app.escalations import pager
from app.escalations.plan import Kind, Plan, Step, Target
from app.escalations.service import Draft, add_route, create
from app.extensions import db
from app.incidents import service as incidents
from app.notify import outbox
from app.records.actors import SYSTEM
from app.records.escalations import Escalation, EscalationState, Page
from app.records.incidents import EventKind, TimelineEvent
from app.records.outbox import MailKind, MailState, OutboxMessage
from app.severities import Severity
from tests.app.conftest import SECRET_KEY
from tests.app.escalations.conftest import escalation, told
from tests.app.notify.conftest import Sink
from tests.processes import Process, free_port
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("context")

CHAINS, STEPS, KILLS = 12, 4, 25
DEADLINE_S = 60.0


@pytest.fixture
def sink():
    handler = Sink()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield handler, controller.port
    controller.stop()


@pytest.fixture
def environment(database_url, sink):
    return {
        "PATH": os.environ["PATH"],
        "OIMS_DATABASE_URL": database_url,
        "OIMS_SECRET_KEY": SECRET_KEY,
        "OIMS_SMTP_HOST": "127.0.0.1",
        "OIMS_SMTP_PORT": str(sink[1]),
        "OIMS_PAGE_CAP": "100000",
    }


def begin(user):
    """Open an incident for each of many chains, whose steps follow one another without a pause."""
    steps = [Step(notify=Target(kind=Kind.PERSON, id=user.id), wait_s=1)] * STEPS
    for number in range(CHAINS):
        chain = create(Draft(name=f"Chain {number}", plan=Plan(steps=steps, repeats=0)), actor=SYSTEM)
        add_route(matchers=f"service=s{number}", chain_id=chain.id, actor=SYSTEM)
        incidents.create(title=f"{number}", service=f"s{number}", severity=Severity.CRITICAL, actor=SYSTEM)


def count(statement):
    db.session.rollback()
    return len(db.session.execute(statement).all())


def paged():
    return count(select(TimelineEvent.id).where(TimelineEvent.kind == EventKind.PAGED))


def is_over():
    return count(select(Escalation.id).where(Escalation.ended_at.is_not(None))) == CHAINS


def check(handler):
    """Each step happened once: on the timeline, as a page, as a message, and nothing else was sent."""
    db.session.rollback()
    steps = Counter(
        (event.incident_id, event.data["step"])
        for event in db.session.query(TimelineEvent).filter_by(kind=EventKind.PAGED)
    )
    assert steps == {(number, step): 1 for number in range(1, CHAINS + 1) for step in range(1, STEPS + 1)}
    ends = db.session.query(TimelineEvent).filter_by(kind=EventKind.PAGING_ENDED).count()
    assert (db.session.query(Page).count(), ends) == (CHAINS * STEPS, CHAINS)
    messages = db.session.query(OutboxMessage).filter_by(kind=MailKind.PAGE).all()
    assert Counter(message.incident_id for message in messages) == dict.fromkeys(range(1, CHAINS + 1), STEPS)
    sent = {message.message_id for message in messages if message.state is MailState.SENT}
    assert sent <= {mail["Message-ID"] for mail in handler.mails} <= {one.message_id for one in messages}


@pytest.mark.slow
@pytest.mark.fault("F36")
def test_killed_workers_take_each_step_once(alice, environment, sink):
    begin(alice)
    kills = 0
    while not is_over() and kills < KILLS:
        seen = paged()
        worker = Process("app", "worker", env=environment)
        try:
            until(lambda seen=seen: paged() > seen or is_over(), DEADLINE_S)
        finally:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
        kills += 1
    worker = Process("app", "worker", env=environment)
    try:
        until(is_over, DEADLINE_S)
    finally:
        worker.kill()
        worker.wait()
    assert kills >= STEPS
    check(sink[0])


@pytest.mark.slow
@pytest.mark.fault("F36")
def test_several_workers_of_which_one_is_killed_share_the_steps(alice, environment, sink):
    begin(alice)
    workers = [Process("app", "worker", env=environment) for _ in range(3)]
    try:
        for number in range(2):
            seen = paged()
            until(lambda seen=seen: paged() > seen or is_over(), DEADLINE_S)
            workers[number].kill()
        until(is_over, DEADLINE_S)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    check(sink[0])


STEPS_OF_A_LOOK = (
    "app.escalations.machine.of",
    "app.escalations.storms.leader_of",
    "app.escalations.notify.page",
    "app.records.timeline.record",
    "app.escalations.acts._look_at",
)


@pytest.mark.fault("F36")
@pytest.mark.parametrize("place", STEPS_OF_A_LOOK)
def test_a_worker_killed_anywhere_in_a_step_leaves_all_or_nothing(chain, opened, monkeypatch, pass_, place):
    incident = opened().id
    db.session.remove()
    db.engine.dispose()
    with monkeypatch.context() as patch:
        patch.setattr(place, lambda *_arguments, **_values: os.kill(os.getpid(), signal.SIGKILL))
        child = os.fork()
        if not child:
            try:
                pager.look()
            finally:
                os._exit(0)
    os.waitpid(child, 0)
    assert told(incident) == []
    pass_()
    assert told(incident) == ["Paged Alice: step 1 of chain “Shop”."]


def test_workers_that_look_at_once_page_a_storm_once(app, chain, opened):
    for number in range(8):
        opened(title=f"Shop {number}")
    barrier = Barrier(4)

    def look():
        with app.app_context():
            barrier.wait(30)
            while pager.look():
                pass
            db.session.remove()

    threads = [Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pager.look()
    db.session.rollback()
    states = Counter(db.session.scalars(select(Escalation.state)))
    assert states == {EscalationState.PAGING: 1, EscalationState.JOINED: 7}


def test_a_page_that_no_method_delivers_is_followed_by_the_next_step_at_once(app, chain, opened, pass_):
    incident = opened()
    pass_()
    message = outbox.claim("worker-1")
    outbox.mark_failed(message.id, "worker-1", error="550 no such person", is_permanent=True)
    pass_()
    assert told(incident)[1:] == ["Paged Bob: step 2 of chain “Shop”."]


def test_a_time_in_the_future_of_another_clock_is_not_waited_for(chain, opened, pass_):
    incident = opened()
    pass_()
    with transaction():
        far = now() + timedelta(days=1)
        db.session.execute(
            update(Escalation).values(due_at=far, step_at=far, set_at=far - timedelta(minutes=5))
        )
    pass_(5)
    pass_(5)
    assert told(incident)[1:] == ["Paged Bob: step 2 of chain “Shop”."]


def test_an_escalation_that_cannot_be_judged_keeps_no_other_waiting(make_chain, chain, opened, pass_, alice):
    lost = make_chain(Step(notify=Target(kind=Kind.PERSON, id=alice.id)), name="Lost", is_default=False)
    add_route(matchers="service=lost", chain_id=lost.id, actor=SYSTEM)
    damaged, sound = opened(service="lost"), opened()
    plan = escalation(damaged).plan
    with transaction():
        _set_plan(damaged, plan | {"hours": plan["hours"] | {"zone": "Atlantis/Poseidonis"}})
    pass_()
    assert (told(damaged), told(sound)) == ([], ["Paged Alice: step 1 of chain “Shop”."])
    with transaction():
        _set_plan(damaged, plan)
    pass_(1)
    assert told(damaged) == ["Paged Alice: step 1 of chain “Lost”."]


def _set_plan(incident, plan):
    db.session.execute(update(Escalation).where(Escalation.incident_id == incident.id).values(plan=plan))
