"""A damaged ledger is refused in words, and repaired so that nothing is run twice because of it."""

import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from automation.clock import SystemClock
from automation.errors import ConfigurationError
from automation.events.schemas import Event
from automation.follow.engine import Engine
from automation.ledger import runs, unknown
from automation.ledger.database import load_anchor, open_ledger, save_anchor
from automation.ledger.episodes import take_in
from automation.ledger.health import problems
from automation.policy.schemas import Policy
from contract.runs import RunState
from tests.automation.doubles import make_event

COUNT = 60
TARGET = {
    "kind": "Deployment",
    "namespace": "shop",
    "name": {"label": "app", "allow": [f"a{n}" for n in range(COUNT)]},
}
POLICY = Policy.model_validate(
    {
        "defaults": {"max_runs_per_hour": 9},
        "limits": {"concurrent_runs": 1000, "runs_per_hour": 1000, "targets_per_hour": 1000},
        "remedies": [{"alert": "Broken", "playbook": "repair.yml", "target": TARGET}],
    }
)


def fire(ledger, clock, numbers, first_seq=1):
    events = [
        Event.model_validate(
            make_event(seq, "Broken", "firing", f"f{n}", f"e{n}-{first_seq}", {"app": f"a{n}"})
        )
        for seq, n in enumerate(numbers, first_seq)
    ]
    take_in(ledger, events, clock.steady(), first_seq + len(numbers) - 1)


def decide(ledger, clock):
    Engine(POLICY, ledger, clock, lambda: None, lambda: "").decide_all(None)
    return [run.target for run in runs.in_state(ledger, "queued")]


@pytest.fixture
def state(tmp_path):
    """A state directory whose ledger knows of many runs, a third of them over, for alerts that all fire."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    with closing(open_ledger(folder)) as ledger:
        clock = SystemClock(None, at_least=500_000.0)
        fire(ledger, clock, range(COUNT))
        decide(ledger, clock)
        for run in runs.in_state(ledger, "queued")[::3]:
            runs.change(ledger, run.id, state=RunState.RUNNING)
            runs.finish(ledger, run.id, "failed", clock)
        save_anchor(ledger, clock.anchor())
    return folder


def test_a_run_that_is_over_cannot_run_again(state):
    with closing(open_ledger(state)) as ledger:
        failed = runs.in_state(ledger, RunState.FAILED)[0]
        with pytest.raises(ValueError, match="is failed and cannot become running"):
            runs.change(ledger, failed.id, state=RunState.RUNNING)
        assert runs.get_run(ledger, failed.id).state is RunState.FAILED


def truncate(path):
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def flip(path):
    data, chance = bytearray(path.read_bytes()), random.Random(4)  # noqa: S311
    for _ in range(400):
        data[chance.randrange(4096, len(data))] ^= 0xFF
    path.write_bytes(data)


def no_database(path):
    path.write_text("this is no database" * 1000)


def no_head(path):
    with path.open("r+b") as file:
        file.write(b"\0" * 4096)


DAMAGE = [truncate, flip, no_database, no_head]


@pytest.mark.fault("F28")
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_ledger_is_refused_with_its_file_and_the_command(state, damage, command):
    damage(state / "ledger.db")
    with pytest.raises(ConfigurationError) as refused:
        open_ledger(state)
    assert str(state / "ledger.db") in str(refused.value)
    assert "python -m automation ledger repair" in str(refused.value)
    for words in (("follow", "--once"), ("status",)):
        done = command(*words)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)
        assert "ledger repair" in done.stderr
    done = command("ledger", "check")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)


@pytest.mark.fault("F28")
@pytest.mark.parametrize("damage", DAMAGE)
def test_after_a_repair_nothing_that_may_have_been_run_is_run_again(state, damage, command):
    before = (state / "ledger.db").read_bytes()
    damage(state / "ledger.db")
    damaged = (state / "ledger.db").read_bytes()
    assert damaged != before
    assert command("ledger", "repair").returncode == 0
    assert command("ledger", "check").returncode == 0
    (aside,) = state.glob("ledger.db.damaged-*Z")
    assert aside.read_bytes() == damaged
    with closing(open_ledger(state)) as ledger:
        clock = SystemClock(load_anchor(ledger))
        for run in runs.in_state(ledger, "running"):
            runs.finish(ledger, run.id, "interrupted", clock)
        fire(ledger, clock, range(COUNT))  # the journal is read again
        unknown.close(ledger, COUNT)
        assert decide(ledger, clock) == []
        told = ledger.rows("SELECT episode FROM decisions WHERE current = 1 AND decision = 'declined'")
        assert len(told) == COUNT
        fire(ledger, clock, range(COUNT), first_seq=COUNT + 1)
        assert decide(ledger, clock) == [], "the cooldown of a run that was lost begins with the repair"
        later = SystemClock(clock.anchor(), at_least=clock.steady() + 301)
        assert sorted(decide(ledger, later)) == sorted(f"shop/Deployment/a{n}" for n in range(COUNT))


@pytest.mark.fault("F28")
def test_what_can_be_read_is_kept(state, command):
    with closing(sqlite3.connect(state / "ledger.db", isolation_level=None)) as connection:
        connection.execute("DROP INDEX decisions_current")
        connection.execute("UPDATE decisions SET current = 1")
        connection.execute("DELETE FROM locks WHERE rowid IN (SELECT rowid FROM locks LIMIT 1)")
    done = command("ledger", "check")
    assert done.returncode == 1
    assert "does not hold its target" in done.stdout
    done = command("ledger", "repair")
    assert done.returncode == 0
    with closing(open_ledger(state)) as ledger:
        assert ledger.rows("SELECT COUNT(*) AS n FROM runs")[0]["n"] == COUNT
        assert SystemClock(load_anchor(ledger)).steady() >= 500_000


@pytest.mark.fault("F28")
def test_a_repair_that_was_interrupted_is_done_again(state, command, monkeypatch):
    flip(state / "ledger.db")
    damaged = (state / "ledger.db").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("automation.ledger.repair.mark", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            command("ledger", "repair")
    with pytest.raises(ConfigurationError, match="interrupted"):
        open_ledger(state)
    assert command("ledger", "repair").returncode == 0
    (aside,) = state.glob("ledger.db.damaged-*Z")
    assert aside.read_bytes() == damaged
    open_ledger(state).close()


def test_another_programs_database_and_a_newer_ledger_are_left_alone(tmp_path):
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute("CREATE TABLE users (name TEXT)")
    before = (tmp_path / "ledger.db").read_bytes()
    with pytest.raises(ConfigurationError, match=r"another program's database \(table users\)"):
        open_ledger(tmp_path)
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("users",)]
    assert len(before) == (tmp_path / "ledger.db").stat().st_size
    shutil.rmtree(tmp_path / "newer", ignore_errors=True)
    (tmp_path / "newer").mkdir()
    with closing(sqlite3.connect(tmp_path / "newer" / "ledger.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(ConfigurationError, match="start the program that wrote it"):
        open_ledger(tmp_path / "newer")


def test_a_whole_ledger_is_not_repaired(state, command):
    before = (state / "ledger.db").read_bytes()
    assert command("ledger", "repair").returncode == 0
    assert (state / "ledger.db").read_bytes() == before
    assert not list(state.glob("ledger.db.damaged-*"))


WRITER = """
import sys
from pathlib import Path
from automation.ledger.database import open_ledger
ledger = open_ledger(Path(sys.argv[1]))
for number in range(10**9):
    ledger.set_meta(f"n{number % 500}", "x" * 500)
    print(number, flush=True)
"""


@pytest.mark.fault("F28")
def test_a_ledger_whose_writer_was_killed_has_what_was_committed(tmp_path):
    for _ in range(2):
        command = [sys.executable, "-c", WRITER, tmp_path]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            lines = [child.stdout.readline() for _ in range(20)]
            child.kill()
            lines += child.stdout.readlines()
        last = int([line for line in lines if line.endswith("\n")][-1])
        assert problems(tmp_path / "ledger.db") == []
        with closing(open_ledger(tmp_path)) as ledger:
            assert ledger.meta(f"n{last % 500}") == "x" * 500
