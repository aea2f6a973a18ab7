"""What the remedies' own checks say to values that are hostile or make no sense."""

import json

import pytest

from tests.playbooks.conftest import play_in
from tests.playbooks.supervisor import ROOT

PIPE = "{{ lookup('ansible.builtin.pipe', 'touch PROOF') }}"
HARMLESS = {
    "oims_target_kind": "Deployment",
    "oims_target_namespace": "incident-mgmt",
    "oims_target_name": "oims-app",
    "oims_run_id": "run-1",
    "oims_wait_seconds": 180,
    "oims_end_by": 1900000000,
    "oims_revision": 3,
    "oims_step": 1,
    "oims_min_replicas": 1,
    "oims_max_replicas": 3,
}
REFUSED = [
    ("oims_target_kind", PIPE),
    ("oims_target_kind", "Job"),
    ("oims_target_kind", "deployment"),
    ("oims_target_namespace", PIPE),
    ("oims_target_namespace", "../incident-mgmt"),
    ("oims_target_namespace", "incident-mgmt\n"),
    ("oims_target_name", PIPE),
    ("oims_target_name", "$(touch PROOF)"),
    ("oims_target_name", "web\n"),
    ("oims_target_name", "--help"),
    ("oims_target_name", "w" * 300),
    ("oims_target_name", ""),
    ("oims_run_id", PIPE),
    ("oims_run_id", "../run"),
    ("oims_wait_seconds", 0),
    ("oims_wait_seconds", "1d"),
    ("oims_wait_seconds", PIPE),
    ("oims_end_by", 0),
    ("oims_end_by", "tomorrow"),
    ("oims_end_by", PIPE),
    ("oims_revision", 0),
    ("oims_revision", "one"),
    ("oims_revision", PIPE),
    ("oims_step", 0),
    ("oims_step", "1; id"),
    ("oims_step", PIPE),
    ("oims_min_replicas", 0),
    ("oims_max_replicas", -1),
    ("oims_max_replicas", 0),
    ("oims_max_replicas", "many"),
]
CROSSED = ("oims_min_replicas", 9)
AT_THE_BOUND = [
    ("oims_target_kind", "StatefulSet"),
    ("oims_target_name", "w" * 253),
    ("oims_run_id", "7f0c.A_b-9"),
    ("oims_wait_seconds", 9999),
    ("oims_step", -2),
]


def row(variable, value):
    return f"{variable}={value}"


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What was said to each row that was refused, by its name."""
    folder = tmp_path_factory.mktemp("refusals")
    proof, answers = folder / "proof", folder / "answers.json"
    rows = {}
    for variable, value in [*REFUSED, CROSSED, *AT_THE_BOUND]:
        given = value.replace("PROOF", str(proof)) if isinstance(value, str) else value
        rows[row(variable, value)] = HARMLESS | {variable: given}
    rows["two"] = HARMLESS | {"oims_target_kind": "Job", "oims_target_name": ""}
    playbook = ROOT / "tests/playbooks/refusals.yml"
    done = play_in(folder, playbook, rows=rows, playbooks=str(ROOT / "playbooks"), answers=str(answers))
    assert done.returncode == 0, done.stdout + done.stderr
    assert not proof.exists()
    return json.loads(answers.read_text())


@pytest.mark.parametrize(("variable", "value"), REFUSED)
def test_a_value_is_refused_by_the_name_of_its_variable(answers, variable, value):
    assert f"{variable} must be" in answers[row(variable, value)]


def test_all_that_are_wrong_are_named_at_once(answers):
    assert "oims_target_kind must be" in answers["two"]
    assert "oims_target_name must be" in answers["two"]


def test_a_maximum_below_the_minimum_is_refused(answers):
    assert "not less than oims_min_replicas" in answers[row(*CROSSED)]


@pytest.mark.parametrize(("variable", "value"), AT_THE_BOUND)
def test_a_value_at_the_bound_is_taken(answers, variable, value):
    assert row(variable, value) not in answers
