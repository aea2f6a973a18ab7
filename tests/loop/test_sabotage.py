"""The demo fails when a part is broken, and names the step that is missing."""

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize(
    ("sabotage", "missing", "log"),
    [
        ("token", "alert delivered to the webhook", "alertmanager"),
        ("policy", "decision to run a playbook", "monitor"),
        ("playbook", "process restarted", "monitor"),
    ],
)
def test_a_broken_part_fails_the_demo_and_is_named(start_demo, sabotage, missing, log):
    process, state = start_demo("--once", "--sabotage", sabotage)
    output, _ = process.communicate(timeout=400)
    assert process.returncode == 1, output
    words = " ".join(output.split())
    assert f"Missing: {missing}." in words
    assert f"Read {state.log}/{log}.log" in words
    assert (state.log / f"{log}.log").stat().st_size > 0
    assert state.processes() == []
