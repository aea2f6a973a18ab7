"""Every part is killed and started again every three seconds under load; then the sums must be right."""

import os

import pytest

from tests.automation.installation import Installation, policy
from tests.doctor.checkup import assert_sound
from tests.soak.__main__ import unfinished
from tests.soak.load import Load, differences
from tests.soak.storm import Storm
from tests.waiting import until

SECONDS = float(os.environ.get("STORM_SECONDS", "20"))
"""How long the storm lasts: 120 in the list of faults, less in a run of all tests."""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(SECONDS + 600)]


@pytest.fixture
def installation(tmp_path):
    one = Installation(tmp_path, policy({"alert": "Repairable"}, {"alert": "Breakable"}))
    one.begin()
    yield one
    one.close()


@pytest.mark.fault("F30")
def test_a_storm_of_restarts_loses_nothing_and_does_nothing_twice(installation):
    load = Load(installation, seed=30, per_post=5, most=2_000)
    storm = Storm(installation, seed=30, every_seconds=3, is_all_at_once=True)
    load.start()
    storm.start()
    for alertname in ("Repairable", "Breakable"):
        until(lambda alertname=alertname: installation.try_to_deliver(alertname), 60)
    storm_lasts = storm.wait(SECONDS)
    load.stop()
    assert storm_lasts, "the storm goes on to its end"
    for alertname in ("Repairable", "Breakable"):
        until(lambda alertname=alertname: installation.try_to_deliver(alertname, "resolved"), 60)

    installation.eventually(lambda: not unfinished(installation), 400)
    installation.close()

    assert min(storm.kills.values()) >= SECONDS / 3 / 4, storm.kills
    assert differences(installation, load.acknowledged) == ([], [])
    assert load.events > 0
    assert_sound(
        f"--journal={installation.folder / 'journal.db'}",
        f"--app={installation.folder / 'site.db'}",
        f"--ledger={installation.folder / 'state'}",
        at_rest=True,
    )
    ((runs,),) = installation.ledger_rows("SELECT count(*) FROM runs WHERE attempt > 0")
    effects = sum(installation.repaired(name) for name in ("repairable", "breakable"))
    assert effects <= runs, "each run has acted at most once"
