"""What goes wrong in real life: killed processes, parts that are away, two followers, a pause."""

import json
import subprocess
import sys

import pytest

from automation.run import process
from tests.automation.doubles import JournalServer, make_event

pytestmark = pytest.mark.slow

SLOW_POLICY = """\
defaults: {cooldown: 0s, max_attempts: 2, timeout: 5m, verify: {within: 1m, hold: 1s}}
remedies:
  - alert: Broken
    playbook: slow.yml
    target: {kind: Deployment, namespace: shop, name: web}
"""


def begun(playbooks):
    path = playbooks.parent / "begun"
    return path.read_text().split() if path.exists() else []


def states(app):
    return [(run["attempt"], run["state"]) for run in app.runs.values()]


def reasons(app):
    return [(d["decision"], d["reason"]) for d in app.decisions]


@pytest.mark.fault("F3")
def test_a_kill_in_the_middle_of_a_run_is_told_and_the_run_repeated_once(
    journal, app, follower, eventually, playbooks
):
    (playbooks / "policy.yml").write_text(SLOW_POLICY)
    journal.add("Broken")
    for number in (1, 2):
        victim = follower()
        eventually(lambda n=number: len(begun(playbooks)) == n)
        (run_id,) = eventually(lambda n=number: list(app.runs)[n - 1 :])
        assert process.find(run_id)
        victim.kill()
    follower()
    eventually(lambda: sorted(states(app)) == [(1, "interrupted"), (2, "interrupted")])
    eventually(lambda: ("declined", "attempts_exhausted") in reasons(app))
    assert all(process.find(run_id) == [] for run_id in app.runs)
    assert app.decisions[-1]["escalate"] is True
    assert begun(playbooks) == [next(iter(app.runs))] * 2, "the repeat is given the id of the first"


CRASH = """\
import os, sys
from automation.ledger import runs
original = runs.{name}
def crash(*args, **kwargs):
    {before}
    os._exit(9)
runs.{name} = crash
import automation.run.executor as executor
executor.change = runs.change
from automation.__main__ import main
sys.exit(main(["follow"]))
"""


@pytest.mark.parametrize(
    ("name", "before", "runs_after"),
    [
        ("queue", "pass", [(1, "succeeded")]),
        ("queue", "original(*args, **kwargs)", [(1, "succeeded")]),
        ("change", "pass", [(1, "succeeded")]),
        ("change", "original(*args, **kwargs)", [(1, "interrupted"), (2, "succeeded")]),
    ],
    ids=[
        "before the ledger is written",
        "inside the decision's transaction",
        "between decision and start",
        "between start and playbook",
    ],
)
@pytest.mark.fault("F4")
def test_a_crash_between_ledger_and_start_runs_the_playbook_once(
    journal, app, env, tmp_path, follower, eventually, playbooks, name, before, runs_after
):
    journal.add("Broken")
    crashed = subprocess.run(
        [sys.executable, "-c", CRASH.format(name=name, before=before)],
        env=env,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert crashed.returncode == 9
    follower()
    eventually(lambda: sorted(states(app)) == runs_after)
    assert len((playbooks.parent / "repaired").read_text().splitlines()) == 1


@pytest.mark.fault("F5")
def test_term_gives_a_run_its_grace_time_and_records_what_became_of_it(
    journal, app, follower, eventually, playbooks
):
    (playbooks / "policy.yml").write_text(SLOW_POLICY)
    journal.add("Broken")
    one = follower(OIMS_STOP_GRACE="0.5")
    run_id = eventually(lambda: begun(playbooks))[0]
    assert one.stop() == 0, one.log
    assert app.runs[run_id]["state"] == "interrupted"
    assert process.find(run_id) == []
    follower()
    eventually(lambda: len(begun(playbooks)) == 2)


@pytest.mark.fault("F6")
def test_a_second_follower_is_refused(journal, command, follower, eventually):
    follower()
    eventually(lambda: journal.reads)
    second = command("follow")
    assert second.returncode == 3
    assert "another follower (process " in second.stderr


@pytest.mark.fault("F27")
def test_reports_wait_for_the_app_and_arrive_in_the_end(journal, app, follower, eventually, playbooks):
    app.down()
    follower()
    journal.add("Broken")
    journal.add("Unknown")
    eventually((playbooks.parent / "repaired").exists)
    journal.add("Broken", "resolved")
    app.up()
    eventually(lambda: [run["verification"] for run in app.runs.values()] == ["verified"])
    eventually(lambda: len(app.decisions) == 2)


def test_a_report_the_app_refuses_stays_visible_and_blocks_nothing(
    journal, app, follower, eventually, command
):
    app.refuse = {"Poison": 422}
    follower()
    journal.add("Poison")
    journal.add("Unknown")
    eventually(lambda: [d["alertname"] for d in app.decisions] == ["Unknown"])
    shown = eventually(lambda: out if "422" in (out := command("status").stdout) else None)
    assert "/api/v1/decisions" in shown


def test_versions_of_a_run_arrive_in_order_and_show_tasks_as_they_happen(
    journal, app, follower, eventually, playbooks
):
    follower()
    journal.add("Broken")
    eventually(lambda: states(app) == [(1, "succeeded")])
    versions = [run["version"] for run in app.history]
    assert versions == sorted(set(versions))
    assert versions[0] == 1 or app.history[0]["state"] in {"queued", "running"}


@pytest.mark.fault("F27")
def test_a_signed_line_is_acted_on_while_the_journal_is_away(journal, app, follower, eventually, playbooks):
    one = follower()
    eventually(lambda: app.heartbeats)
    journal.down()
    event = make_event(1, "Broken", "firing", "fp-Broken", "event-1")
    one.write(json.dumps({**event, "labels": {"alertname": "Broken", "forged": "yes"}}))
    one.write(json.dumps(event))
    eventually((playbooks.parent / "repaired").exists)
    # The journal comes back with the same event and its end: no second run, and a verdict.
    journal.events = [event]
    journal.up()
    journal.add("Broken", "resolved", episode="event-1")
    eventually(lambda: [run["verification"] for run in app.runs.values()] == ["verified"])
    assert len((playbooks.parent / "repaired").read_text().splitlines()) == 1


@pytest.mark.threat("T2")
def test_an_event_with_a_wrong_signature_in_the_journal_stops_it_loudly(journal, app, follower, eventually):
    journal.add("Broken", key="another key")
    one = follower()
    eventually(lambda: "has no genuine signature" in one.log)
    assert app.decisions == []


def test_a_replaced_journal_is_read_from_its_beginning(journal, app, follower, eventually):
    follower()
    for _ in range(3):
        journal.add("Unknown")
    journal.add("Old")
    eventually(lambda: len(app.decisions) == 2)
    journal.events = []
    journal.add("New", episode="first-of-the-new-journal")
    eventually(lambda: [d["alertname"] for d in app.decisions] == ["Unknown", "Old", "New"])


def test_what_resolved_in_a_gap_of_the_journal_does_not_fire_for_ever(
    journal, app, follower, eventually, command
):
    command("pause")
    one = follower()
    journal.add("Broken")
    journal.add("Unknown")
    eventually(lambda: len(app.decisions) == 2)
    one.stop()
    journal.add("Broken", "resolved")
    journal.add("Later")
    del journal.events[0:3:2]  # pruned: what led to Broken; the open episode Unknown stays
    journal.pruned = 3
    follower()
    eventually(lambda: ("declined", "already_resolved") in reasons(app))
    eventually(lambda: "Later" in [d["alertname"] for d in app.decisions])
    firing = [line.split()[0] for line in command("status").stdout.splitlines() if "not_in_policy" in line]
    assert firing == ["Unknown", "Later"]


def test_a_pause_stops_new_runs_and_its_end_lets_the_deferred_one_run(
    journal, app, follower, eventually, command, playbooks
):
    assert command("pause", "deploy of the shop").returncode == 0
    follower()
    journal.add("Broken")
    eventually(lambda: reasons(app) == [("deferred", "paused")])
    assert "deploy of the shop" in app.decisions[0]["detail"]
    eventually(lambda: app.heartbeats and app.heartbeats[-1]["paused"])
    assert not (playbooks.parent / "repaired").exists()
    assert command("resume").stdout == "Resumed.\n"
    eventually(lambda: states(app) == [(1, "succeeded")])
    assert reasons(app) == [("deferred", "paused"), ("run", None)]


def test_no_verdict_without_the_journal(journal, app, follower, eventually):
    """The alert's end is not known, so nothing is called verified while the journal is away."""
    one = follower()
    journal.add("Broken")
    eventually(lambda: states(app) == [(1, "succeeded")])
    journal.down()
    resolved = make_event(2, "Broken", "resolved", "fp-Broken", "event-1")
    one.write(json.dumps(resolved))
    eventually(lambda: "log_lines_taken_in" in one.log)
    assert [run["verification"] for run in app.runs.values()] == ["pending"]


@pytest.mark.fault("F14")
def test_an_end_of_all_signals_proves_nothing(journal, app, follower, eventually):
    follower()
    journal.add("Watchdog")
    journal.add("Broken")
    eventually(lambda: states(app) == [(1, "succeeded")])
    journal.add("Watchdog", "resolved")
    journal.add("Broken", "resolved")
    eventually(lambda: [run["verification"] for run in app.runs.values()] == ["inconclusive"])
    eventually(lambda: app.decisions[-1]["reason"] == "attempts_exhausted")
    assert app.decisions[-1]["escalate"] is True


def test_a_dry_run_changes_nothing(journal, app, automation, tmp_path):
    journal.add("Broken")
    before = sorted(path.name for path in tmp_path.iterdir())
    done = automation("follow", "--once", "--dry-run")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert any(line["event"] == "decided" and line["decision"] == "run" for line in lines)
    assert all(line["dry_run"] for line in lines)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert (app.decisions, app.runs, app.heartbeats) == ([], {}, [])


def test_once_says_when_the_journal_cannot_be_read(automation, monkeypatch):
    gone = JournalServer()
    gone.down()
    done = automation("follow", "--once", OIMS_JOURNAL_URL=gone.url)
    assert done.returncode == 4
    assert "cannot be read: no answer (ConnectionError)" in done.stderr


def test_a_follower_whose_sender_is_gone_ends(journal, follower, eventually):
    one = follower()
    eventually(lambda: journal.reads)
    one.stdin.close()
    assert one.process.wait(30) == 0, one.log
