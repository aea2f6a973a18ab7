"""Steps of the machine's clock end no cooldown, hold nothing back, and run nothing twice."""

import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

import automation.clock
from automation.clock import Anchor, SystemClock
from automation.events.journal import Batch, JournalError
from automation.events.schemas import Event
from automation.follow import sources
from automation.follow.predecessors import Predecessors
from automation.ledger import inherited
from automation.ledger.database import open_ledger
from contract.moments import rfc3339
from contract.signing import canonical, signature
from tests.automation.doubles import KEY, make_event

HOUR = 3600.0


@pytest.fixture
def machine(monkeypatch):
    """A machine whose clocks a test moves: the time of day, and how long it has been up."""
    state = SimpleNamespace(wall=1_800_000_000.0, up=10_000.0, boot="one")
    monkeypatch.setattr(automation.clock, "_boot_id", lambda: state.boot)
    monkeypatch.setattr(automation.clock, "_boot_seconds", lambda: state.up)
    monkeypatch.setattr(time, "time", lambda: state.wall)
    monkeypatch.setattr(SystemClock, "wall", lambda _: datetime.fromtimestamp(state.wall, UTC))

    def passes(seconds):
        state.wall += seconds
        state.up += seconds

    def reboots(after=30.0):
        state.wall += after
        state.boot, state.up = state.boot + "+", after

    state.passes, state.reboots = passes, reboots
    return state


@pytest.mark.fault("F22")
@pytest.mark.parametrize("step", [HOUR, -HOUR])
@pytest.mark.parametrize("restart", ["none", "process", "machine"])
def test_a_step_of_an_hour_moves_no_cooldown_and_is_told(machine, step, restart):
    clock = SystemClock(None)
    before = clock.steady()
    anchor = clock.anchor()
    machine.wall += step
    if restart == "process":
        machine.passes(20)
        clock = SystemClock(anchor)
    elif restart == "machine":
        machine.reboots()
        clock = SystemClock(anchor)
    machine.passes(40)
    assert 40 <= clock.steady() - before <= 90
    if restart != "machine":
        assert clock.step() == pytest.approx(step)
    assert clock.step() == 0


def test_time_that_the_machine_was_off_is_not_counted_for_it_is_not_proven(machine):
    anchor = SystemClock(None).anchor()
    machine.reboots(after=30)
    machine.wall += 8 * HOUR
    assert SystemClock(anchor).steady() == anchor.steady + 30
    assert SystemClock(Anchor("other", 0, 50.0, machine.wall - 10)).steady() == 60


class AwayJournal:
    """A journal that answers once and is away from then on."""

    def __init__(self, told):
        self.answers = [Batch([], 5, 1, "j", 0.0, told, None)]

    def read(self, _after, _wait):
        if not self.answers:
            raise JournalError("it is away")
        return self.answers.pop()


def line(seq, moment):
    event = make_event(seq, "Broken", "firing", f"f{seq}", f"e{seq}")
    event = {**event, "received_at": rfc3339(moment)}
    event["sig"] = signature(
        canonical({key: value for key, value in event.items() if key != "sig"}), KEY.encode()
    )
    return Event.model_validate(json.loads(json.dumps(event)))


class Bench:
    """A reader, its ledger and its journal."""

    def __init__(self, folder, machine):
        self.ledger = open_ledger(folder)
        self.journal = AwayJournal(datetime.fromtimestamp(machine.wall, UTC))
        self.reader = sources.JournalReader(self.journal, self.ledger, SystemClock(None), lambda: None)

    def taken(self):
        return [row["id"] for row in self.ledger.rows("SELECT id FROM episodes ORDER BY opened_seq")]


@pytest.fixture
def bench(tmp_path, machine):
    bench = Bench(tmp_path, machine)
    yield bench
    bench.ledger.close()


@pytest.mark.threat("T3")
@pytest.mark.parametrize("step", [0, HOUR, -HOUR])
def test_only_a_line_of_the_last_minutes_is_acted_on_while_the_journal_is_away(bench, machine, step, capsys):
    """The window is that of the journal's clock, so a step of ours neither opens nor shuts it."""
    now = datetime.fromtimestamp(machine.wall, UTC)
    assert bench.reader.read_once(0) is True
    machine.wall += step
    for seq, age in ((6, 16 * 60), (7, 14 * 60), (8, 0), (9, -30), (10, -120), (11, -HOUR), (12, HOUR)):
        bench.reader.hint(line(seq, now - timedelta(seconds=age)))
    assert bench.reader.read_once(0) is False
    assert bench.taken() == ["e7", "e8", "e9"]
    said = capsys.readouterr().out
    assert "too old" in said
    assert "from the future" in said


@pytest.mark.threat("T3")
def test_a_line_that_the_ledger_is_past_is_not_acted_on_however_fresh_its_time(bench, machine):
    now = datetime.fromtimestamp(machine.wall, UTC)
    bench.ledger.set_meta("offset", 8)
    bench.ledger.set_meta("journal_id", "j")
    bench.journal.answers.clear()
    for seq in (7, 8, 9, 9):
        bench.reader.hint(line(seq, now))
    bench.reader.read_once(0)
    assert bench.taken() == ["e9"]


@pytest.mark.fault("F22")
@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_the_runs_of_a_predecessor_keep_their_age_whatever_our_clock_says(tmp_path, machine, step):
    moment = datetime.fromtimestamp(machine.wall, UTC)
    run = {
        "id": "r1",
        "episode": "e1",
        "target": {"kind": "Deployment", "namespace": "shop", "name": "web"},
        "attempt": 1,
        "state": "succeeded",
        "verification": "verified",
        "queued_at": rfc3339(moment - timedelta(seconds=60)),
        "finished_at": rfc3339(moment - timedelta(seconds=50)),
    }
    answer = SimpleNamespace(
        content=json.dumps({"items": [run], "next": None}).encode(),
        headers={"Date": moment.strftime("%a, %d %b %Y %H:%M:%S GMT")},
    )
    machine.wall += step
    clock = SystemClock(None, at_least=90_000.0)
    ledger = open_ledger(tmp_path)
    Predecessors(SimpleNamespace(get=lambda *_: answer), ledger, clock).learn()
    (past,) = inherited.recent(ledger, clock.steady())
    ledger.close()
    assert clock.steady() - past.started == pytest.approx(60, abs=1)
