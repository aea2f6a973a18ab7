"""Each remedy on supervised processes: check mode first, then for real, then again."""

import re

import pytest

pytestmark = pytest.mark.slow


def said(done):
    """The output without its line breaks: Ansible wraps long sentences."""
    return " ".join(done.stdout.split())


def changed(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return int(re.search(r"changed=(\d+)", done.stdout)[1])


def test_a_restart_gives_the_program_a_new_process_once_per_run(play, supervisor):
    before, other = supervisor.pid("app"), supervisor.pid("bystander")

    checked = play("restart_oims", "--check", oims_run_id="run-1")
    assert changed(checked)
    assert "would be restarted" in said(checked)
    assert supervisor.pid("app") == before

    first = play("restart_oims", oims_run_id="run-1")
    assert changed(first)
    after = supervisor.pid("app")
    assert after != before
    assert f"was restarted: program app, process {after}." in said(first)

    again = play("restart_oims", oims_run_id="run-1")
    assert changed(again) == 0
    assert "restarted by this run before" in said(again)
    assert changed(play("restart_oims", "--check", oims_run_id="run-1")) == 0
    assert supervisor.pid("app") == after

    # Another run restarts again, here what has stopped, by a supervisord that is named in the other way.
    supervisor.ctl("stop", "app")
    by_file = {"OIMS_SUPERVISOR_URL": "", "OIMS_SUPERVISOR_CONFIG": str(supervisor.configuration)}
    assert changed(play("restart_oims", oims_run_id="run-2", environment=by_file))
    assert supervisor.pid("app") not in {0, after}
    assert supervisor.pid("bystander") == other


@pytest.mark.fault("F24")
def test_scaling_starts_and_stops_prepared_processes_within_bounds(play, supervisor):
    pool = {"oims_target_name": "oims-pool", "oims_max_replicas": 2}
    refused = play("scale_oims", **pool)
    assert refused.returncode != 0
    assert "has no running process" in said(refused)

    supervisor.ctl("start", "pool:pool_00")
    assert changed(play("scale_oims", "--check", oims_run_id="up-1", **pool))
    assert len(supervisor.running("pool")) == 1
    first = play("scale_oims", oims_run_id="up-1", **pool)
    assert changed(first)
    assert "scaled from 1 to 2 processes" in said(first)
    assert len(supervisor.running("pool")) == 2
    assert changed(play("scale_oims", oims_run_id="up-1", **pool)) == 0

    at_most = play("scale_oims", oims_run_id="up-2", **pool)
    assert changed(at_most) == 0
    assert "no more within the bounds" in said(at_most)
    assert len(supervisor.running("pool")) == 2

    assert changed(play("scale_oims", oims_run_id="down-1", oims_step=-5, **pool))
    assert supervisor.running("pool") == ["pool:pool_00"]


def test_a_program_of_one_process_is_not_scaled(play):
    done = play("scale_oims", oims_max_replicas=3)
    assert done.returncode != 0
    assert "is one supervised process here" in said(done)


def test_a_process_has_nothing_to_roll_back_to(play):
    done = play("rollback_oims")
    assert done.returncode != 0
    assert "no earlier revision" in said(done)


def test_diagnostics_show_processes_and_logs_and_change_nothing(play, supervisor):
    before = supervisor.pid("app")
    done = play("collect_diagnostics")
    assert changed(done) == 0
    assert "app says hello" in said(done)
    assert f"app RUNNING pid {before}" in said(done)
    assert supervisor.pid("app") == before


def test_a_program_that_does_not_exist_is_named(play):
    done = play("restart_oims", oims_target_name="oims-nowhere")
    assert done.returncode != 0
    assert "supervisord has no program nowhere" in said(done)


def test_a_supervisord_that_is_not_named_is_asked_for(play):
    done = play("restart_oims", environment={"OIMS_SUPERVISOR_URL": ""})
    assert done.returncode != 0
    assert "OIMS_SUPERVISOR_URL is not set" in said(done)


PIPE = "{{ lookup('ansible.builtin.pipe', 'touch %s') }}"


@pytest.mark.threat("T5")
def test_a_hostile_value_is_refused_by_name_and_runs_nothing(play, supervisor, tmp_path):
    before, proof = supervisor.pid("app"), tmp_path / "proof"
    done = play("restart_oims", oims_target_name=PIPE % proof)
    assert done.returncode != 0
    assert "oims_target_name must be" in said(done)
    assert not proof.exists()
    assert supervisor.pid("app") == before


def test_a_bound_that_is_missing_is_asked_for(play):
    done = play("scale_oims")
    assert done.returncode != 0
    assert "oims_max_replicas must be given" in said(done)
