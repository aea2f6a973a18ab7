"""Whatever happens in a storm: each incident a person would have been told of is in a mail or a digest."""

import re
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
import time_machine
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from app.clock import now
from app.config import Settings
from app.incidents import service
from app.notify import caps, outbox
from app.records.actors import SYSTEM
from tests.app.notify.conftest import Sink, words
from tests.app.notify.storms import CAP, run_until_all_is_told, storm
from tests.processes import Process

pytestmark = pytest.mark.usefixtures("context")

DAYS = count(1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("opens"), st.integers(1, 6)),
        st.tuples(st.just("escalates"), st.just(1)),
        st.tuples(st.just("sends"), st.just(1)),
        st.tuples(st.just("passes"), st.sampled_from([1, 14, 16, 61])),
        st.tuples(st.just("refuses"), st.just(1)),
        st.tuples(st.just("dies"), st.integers(1, 2)),
    ),
    max_size=12,
)


@pytest.fixture
def mail_settings() -> dict[str, str]:
    return {"mail_cap": str(CAP)}


class World:
    """The app, its worker and the mail server, and what should be told."""

    def __init__(self, sink: Sink, send: Callable[[], int], clock: time_machine.Traveller) -> None:
        self.sink, self.send, self.clock = sink, send, clock
        self.expected: list[tuple[int, str]] = []
        self.arrived: list[tuple[datetime, str]] = []

    def opens(self, incidents: int) -> None:
        self.expected += [(number, "Open") for number in storm(incidents)]

    def escalates(self, _: int) -> None:
        if self.expected:
            number = self.expected[-1][0]
            service.escalate(number, actor=SYSTEM)
            self.expected.append((number, "Escalated"))

    def sends(self, _: int = 1) -> None:
        before = len(self.sink.mails)
        self.send()
        self.arrived += [(now(), mail["Subject"]) for mail in self.sink.mails[before:]]

    def passes(self, minutes: int) -> None:
        self.clock.shift(timedelta(minutes=minutes))

    def refuses(self, _: int) -> None:
        self.sink.reply = "451 later"
        self.sends()
        self.sink.reply = "250 OK"

    def dies(self, mails: int) -> None:
        for _ in range(mails):
            outbox.claim("a worker that is killed with this mail in hand")

    def is_told(self, number: int, word: str) -> bool:
        line = re.compile(rf"#{number} Broken [^#]*{word.lower()} \d\d:\d\d")
        return any(
            mail["Subject"].startswith(f"[OIMS #{number}] {word}:") or line.search(words(mail))
            for mail in self.sink.mails
        )

    def most_in_an_hour(self, word: str) -> int:
        moments = [at for at, subject in self.arrived if f"] {word}:" in subject]
        return max((sum(at <= other < at + caps.HOUR for other in moments) for at in moments), default=0)


@bounded(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
@pytest.mark.fault("F12")
@pytest.mark.threat("T17")
def test_everybody_is_told_of_everything_and_no_hour_has_more_than_the_cap(
    steps: list[tuple[str, int]], sink: Sink, send: Callable[[], int]
) -> None:
    sink.mails.clear()
    start = now() + timedelta(days=next(DAYS))
    with time_machine.travel(start, tick=False) as clock:
        world = World(sink, send, clock)
        for step, number in steps:
            getattr(world, step)(number)
        run_until_all_is_told(world.sends, clock)
    assert [told for told in world.expected if not world.is_told(*told)] == []
    assert world.most_in_an_hour("Open") <= CAP
    assert world.most_in_an_hour("Escalated") <= CAP


def test_a_worker_that_is_killed_in_a_storm_loses_nothing(
    settings: Settings,
    sink: Sink,
    send: Callable[[], int],
    clock: time_machine.Traveller,
    tmp_path: Path,
    port: int,
) -> None:
    made = storm(12)
    environment = {
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "OIMS_DATABASE_URL": settings.database_url,
        "OIMS_SECRET_KEY": settings.secret_key.get_secret_value(),
        "OIMS_BASE_URL": settings.base_url,
        "OIMS_SMTP_HOST": "127.0.0.1",
        "OIMS_SMTP_PORT": str(port),
        "OIMS_MAIL_CAP": "8",
    }
    worker = Process("app", "worker", env=environment, cwd=tmp_path)
    try:
        deadline = time.monotonic() + 60
        while len(sink.mails) < 2:
            assert time.monotonic() < deadline, "the worker sends nothing"
            time.sleep(0.005)
    finally:
        worker.kill()
        worker.wait()
    run_until_all_is_told(send, clock)
    told = " ".join(f"{mail['Subject']} {words(mail)}" for mail in sink.mails)
    assert [number for number in made if not re.search(rf"#{number}[\] ]", told)] == []
    times = Counter(mail["Message-ID"] for mail in sink.mails)
    assert sum(number - 1 for number in times.values()) <= 1, "the one in hand may come twice, under one id"
