"""A run that nobody ended doesn't run for ever; a real end that comes late has the last word."""

from datetime import timedelta
from typing import Any

import pytest

from app.automation import lost
from app.clock import now
from app.config import Settings
from app.database import transaction
from app.extensions import db
from app.records.automation import Run
from contract.moments import rfc3339
from contract.runs import OPEN, RunState, Verdict
from tests.app.automation.test_reports import run, summaries
from tests.app.journal import event, take

SILENCE = timedelta(minutes=15)


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


def let_pass(minutes: int) -> None:
    """Make all that was heard of runs so much older."""
    with transaction():
        for one in db.session.query(Run):
            one.received_at -= timedelta(minutes=minutes)
            one.heard_at = one.heard_at and one.heard_at - timedelta(minutes=minutes)


def heartbeat(*runs: str) -> dict[str, Any]:
    document = {"instance": "host-1", "version": "1", "location": "host", "paused": False, "last_seq": 1}
    return document | {"lag_s": 0.0, "remedies": [], "runs": list(runs), "sent_at": rfc3339(now())}


def the_run() -> Run:
    db.session.rollback()
    return db.session.query(Run).one()


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("state", sorted(OPEN))
def test_a_run_of_which_nothing_is_heard_is_closed_as_unknown_once(
    settings: Settings, report: Any, state: str
) -> None:
    take(settings, event())
    report("runs", run(1, state, finished_at=None))
    assert lost.close(SILENCE) == 0
    let_pass(16)
    assert [lost.close(SILENCE), lost.close(SILENCE)] == [1, 0]
    assert (the_run().state, the_run().reason) == (RunState.UNKNOWN, "not_heard_of")
    told = (
        "Nobody told how the playbook ended. How it ended is not known: nothing was heard of it for 15 min."
    )
    assert summaries().count(told) == 1


@pytest.mark.usefixtures("context")
def test_a_look_for_lost_runs_leaves_no_transaction_open() -> None:
    assert lost.close(SILENCE) == 0
    assert not db.session().in_transaction(), "a migration or a restore would wait for it"


@pytest.mark.usefixtures("context")
def test_a_run_that_a_heartbeat_names_goes_on(settings: Settings, report: Any) -> None:
    take(settings, event())
    report("runs", run(1, "running"))
    let_pass(16)
    assert report("automation/heartbeat", heartbeat("run-1", "run-of-another-app")) == 200
    assert lost.close(SILENCE) == 0
    let_pass(16)
    assert report("automation/heartbeat", heartbeat()) == 200, "automation lives, and has it no more"
    assert lost.close(SILENCE) == 1


@pytest.mark.usefixtures("context")
def test_a_real_end_that_comes_late_has_the_last_word(settings: Settings, report: Any) -> None:
    take(settings, event())
    report("runs", run(1, "running"))
    let_pass(16)
    lost.close(SILENCE)
    assert report("runs", run(2, "succeeded", "pending")) == 200
    assert (the_run().state, the_run().reason, the_run().detail) == (RunState.SUCCEEDED, None, None)
    assert "Playbook finished after 14 s. Tasks: 1 changed. oims-app was restarted." in summaries()


@pytest.mark.usefixtures("context")
def test_a_verdict_that_nobody_told_is_inconclusive_until_it_comes(settings: Settings, report: Any) -> None:
    take(settings, event())
    report("runs", run(2, "succeeded", "pending"))
    let_pass(16)
    assert lost.close(SILENCE) == 1
    assert the_run().verification is Verdict.INCONCLUSIVE
    assert "Automation told no verdict: nothing was heard of it for 15 min." in summaries()[-1]
    assert report("runs", run(3, "succeeded", "verified")) == 200
    assert the_run().verification is Verdict.VERIFIED


@pytest.mark.usefixtures("context")
def test_a_run_without_an_incident_is_closed_as_well(report: Any) -> None:
    report("runs", run(1, "running"))
    let_pass(16)
    assert lost.close(SILENCE) == 1
    assert the_run().state is RunState.UNKNOWN
