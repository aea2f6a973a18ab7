"""The diagnostics on a real API server."""

import pytest

from tests.e2e.playbooks.outcomes import KINDS, changed

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.mark.parametrize("kind", KINDS)
def test_diagnostics_show_status_events_and_logs_and_change_nothing(cluster, play, kind):
    name = cluster.create(kind, f"look-{kind.lower()}")
    before = cluster.get(kind, name)["metadata"]["resourceVersion"]
    for options in ((), (), ("--check",)):
        done = play("collect_diagnostics", f"{kind}/{name}", *options)
        assert changed(done) == 0
        assert "SuccessfulCreate" in done.stdout
        assert "restartCount: 0" in done.stdout
        assert "STEP" not in done.stdout
    assert cluster.get(kind, name)["metadata"]["resourceVersion"] == before
