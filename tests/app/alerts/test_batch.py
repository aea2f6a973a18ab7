"""Events have the same effect whether they are taken in one by one or many at a time."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import delete, select

from app.config import Settings
from app.extensions import db
from app.incidents import merging
from app.records.accounts import User
from app.records.actors import Actor
from app.records.alerts import AlertEvent
from app.records.incidents import Incident, TimelineEvent
from app.records.outbox import OutboxMessage
from contract.moments import rfc3339
from tests.app.journal import event, statements_of, take

pytestmark = pytest.mark.usefixtures("context")

START = datetime(2026, 11, 27, 12, tzinfo=UTC)
NAMES = [f"{number:016x}" for number in range(6)]
TABLES = (OutboxMessage, AlertEvent, TimelineEvent, Incident)


@pytest.fixture
def time_stands_still() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def story(seed: int) -> list[dict[str, Any]]:
    """Alerts that fire, count anew, change their words, end, return, and trade places with their like."""
    chance, episodes, rows = random.Random(seed), dict.fromkeys(NAMES, 0), []  # noqa: S311 - a repeatable choice
    for seq in range(1, 51):
        name = chance.choice(NAMES)
        status = chance.choice(["firing", "firing", "resolved"])
        if chance.random() < 0.3:
            episodes[name] = seq
        labels = {"alertname": "PodDown", "severity": "low", "namespace": name}
        if name in NAMES[3:]:  # one trouble, seen by exporters that replace each other
            labels |= {
                "namespace": chance.choice(["shop", "bank"]),
                "job": "kube-state-metrics",
                "instance": f"10.0.0.{name[-1]}:8080",
            }
        rows.append(
            event(
                status,
                seq=seq,
                fingerprint=name,
                episode=f"{name}-{episodes[name]}",
                starts_at=START - timedelta(seconds=chance.choice([10, 20])),
                received_at=rfc3339(START + timedelta(seconds=chance.randint(-40, 40))),
                labels=labels,
                annotations={"summary": f"{chance.choice(['one', 'two'])} of its pods is down"},
            )
        )
    return rows


def told() -> list[list[Any]]:
    """What stands in the database, but for what each mail draws by lot."""
    db.session.rollback()
    drawn = {"batch", "message_id"}
    columns = [[column for column in table.__table__.columns if column.name not in drawn] for table in TABLES]
    return [sorted(map(repr, db.session.execute(select(*wanted)))) for wanted in columns]


def forget() -> None:
    for table in TABLES:
        db.session.execute(delete(table))
    db.session.commit()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("reopen_window", ["0s", "1h"])
def test_many_at_a_time_do_what_one_by_one_do(
    settings: Settings, time_stands_still: time_machine.Traveller, seed: int, reopen_window: str
) -> None:
    window = timedelta(hours=1) if reopen_window == "1h" else timedelta(seconds=-1)
    settings = settings.model_copy(update={"reopen_window": window})
    rows = story(seed)
    for row in rows:
        take(settings, row)
    one_by_one = told()
    forget()
    sizes = random.Random(seed)  # noqa: S311 - a repeatable choice
    while rows:
        size = sizes.choice([2, 7, 30])
        take(settings, *rows[:size])
        rows = rows[size:]
    for expected, found in zip(one_by_one, told(), strict=True):
        assert found == expected


def test_a_duplicate_that_fires_again_and_again_in_a_batch_is_heard_of_each_time(
    settings: Settings, alice: User
) -> None:
    take(
        settings,
        event(seq=1, fingerprint=NAMES[0], episode="a"),
        event(seq=2, fingerprint=NAMES[1], episode="b"),
    )
    first, second = db.session.scalars(select(Incident.id).order_by(Incident.id)).all()
    merging.merge(first, into=second, actor=Actor.person(alice))
    again = [
        event(seq=seq, fingerprint=NAMES[0], episode="a", starts_at=START - timedelta(seconds=seq))
        for seq in (3, 4)
    ]
    take(settings, *again, event("resolved", seq=5, fingerprint=NAMES[1], episode="b"))
    entries = db.session.scalars(
        select(TimelineEvent.summary).where(TimelineEvent.incident_id == second)
    ).all()
    assert sum("fired again" in entry for entry in entries) == 2
    assert not db.session.get_one(Incident, second).is_firing


def test_a_batch_of_repeats_takes_as_many_statements_as_a_small_one(settings: Settings) -> None:
    firing = [event(seq=n, fingerprint=f"{n:016x}", episode=f"e{n}") for n in range(1, 51)]
    take(settings, *firing)

    def statements(count: int) -> int:
        repeats = [
            row
            | {
                "seq": row["seq"] + 50 * count,
                "id": f"{row['id']}-{count}",
                "starts_at": rfc3339(START + timedelta(seconds=count)),
            }
            for row in firing[:count]
        ]
        return statements_of(settings, *repeats)

    assert (statements(50), statements(2)) == (13, 13)
