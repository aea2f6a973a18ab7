"""What automation reports is what the app takes: the end of a run and its verdict always arrive."""

import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automation.fit import forms, select
from automation.run.tasks import Tasks
from contract import limits
from contract.reports import DecisionReport, RunReport
from contract.runs import BAD, TOLD, TaskStatus

RUN = {
    "id": "run-1",
    "version": 3,
    "episode": "episode-1",
    "event_id": "event-1",
    "seq": 1,
    "fingerprint": "c6ac9a1b2c3d4e5f",
    "alertname": "Broken",
    "remedy": "repair/Broken",
    "playbook": "repair.yml",
    "target": {"kind": "Deployment", "namespace": "shop", "name": "web"},
    "mode": "auto",
    "attempt": 1,
    "state": "succeeded",
    "verification": "verified",
    "queued_at": "2026-11-27T10:00:00.000Z",
    "started_at": "2026-11-27T10:00:01.000Z",
    "finished_at": "2026-11-27T10:00:02.000Z",
    "exit_code": 0,
    "duration_s": 1.0,
    "reason": None,
    "detail": None,
    "tasks": [],
    "task_counts": {},
    "output_tail": "",
    "verdict_at": "2026-11-27T10:01:00.000Z",
    "verdict_detail": "It stayed away.",
    "evidence": {},
}


def task(number, status="ok", message="fine", name="Look", host="web-1"):
    fields = {"number": number, "status": status, "duration_s": 0.1, "message": message}
    return {**fields, "name": name, "host": host}


def counted(tasks):
    return {
        status: sum(one["status"] == status for one in tasks) for status in {one["status"] for one in tasks}
    }


def fullest(document):
    return json.loads(next(forms(document)))


WILD = st.text(st.characters(), max_size=60).map(lambda text: text * 40)
RESULTS = st.builds(
    lambda name, status, message, host: {"name": name, "host": host, "status": status, "message": message},
    WILD,
    st.sampled_from([status.value for status in TaskStatus if status is not TaskStatus.UNFINISHED]),
    WILD,
    WILD,
)


@given(
    lines=st.lists(RESULTS, max_size=20),
    times=st.integers(1, 60),
    texts=st.fixed_dictionaries(
        dict.fromkeys(("alertname", "output_tail", "verdict_detail", "detail"), WILD)
    ),
    evidence=st.dictionaries(WILD, WILD | st.none() | st.integers() | st.lists(WILD, max_size=3), max_size=4),
    state=st.sampled_from(sorted(TOLD)),
)
@settings(
    deadline=timedelta(seconds=60),
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_every_run_that_the_callback_can_produce_is_taken(
    tmp_path_factory, lines, times, texts, evidence, state
):
    path = tmp_path_factory.mktemp("run") / "tasks"
    path.write_text("".join(json.dumps({**line, "duration_s": 0.5}) + "\n" for line in lines * times))
    tasks = Tasks(path)
    tasks.read()
    document = {**RUN, **texts, "state": state, "evidence": evidence, **tasks.document()}
    for body in forms(document):
        assert len(body.encode()) <= limits.BODY_BYTES
        taken = RunReport.model_validate_json(body, strict=True)
        assert (taken.state, taken.verification, taken.version) == (
            state,
            RUN["verification"],
            RUN["version"],
        )


@given(alertname=WILD, detail=WILD, preview=WILD)
def test_every_decision_is_taken(alertname, detail, preview):
    document = {name: RUN[name] for name in ("id", "episode", "event_id", "seq", "fingerprint", "remedy")}
    question = {"id": "a", "expires_at": RUN["queued_at"], "preview": preview, "command": detail}
    document |= {
        "alertname": alertname,
        "detail": detail,
        "decided_at": RUN["queued_at"],
        "approval": question,
    }
    target = {"kind": "Deployment", "namespace": "n" * 63, "name": "x" * limits.OBJECT_NAME}
    for body in forms({**document, "decision": "run", "target": target}):
        assert DecisionReport.model_validate_json(body, strict=True).target.name == target["name"]


def test_a_long_list_keeps_its_beginning_its_end_and_what_failed():
    tasks = [task(number, "failed" if number == 3000 else "ok") for number in range(1, 7801)]
    told = fullest({**RUN, "tasks": tasks, "task_counts": counted(tasks)})
    assert [one["number"] for one in told["tasks"] if one["status"] == "failed"] == [3000]
    assert len(told["tasks"]) == limits.TASKS
    assert told["tasks_cut"] == "First 250 and last 249 of 7,800 tasks; failed ones are always kept."


def test_a_list_of_failures_is_cut_as_well_and_says_so():
    tasks = [task(number, "failed") for number in range(1, 1001)]
    told = fullest({**RUN, "tasks": tasks, "task_counts": counted(tasks)})
    assert len(told["tasks"]) == limits.TASKS
    assert told["tasks_cut"] == "First 250 and last 250 of 1,000 tasks; 500 of 1,000 failed ones are kept."


def test_a_list_that_fits_is_told_whole():
    tasks = [task(number) for number in range(1, limits.TASKS + 1)]
    told = fullest({**RUN, "tasks": tasks, "task_counts": counted(tasks)})
    assert told["tasks"] == tasks
    assert "tasks_cut" not in told


def test_long_messages_are_shortened_before_results_are_left_out():
    tasks = [task(number, message="ü" * limits.SENTENCE) for number in range(1, 181)]
    document = {**RUN, "tasks": tasks * 2, "task_counts": counted(tasks * 2)}
    told = fullest(document)
    assert len(told["tasks"]) == 360
    assert {one["message"][-1] for one in told["tasks"]} <= {"ü", "…"}


def test_the_smallest_form_keeps_the_end_and_the_verdict():
    tasks = [task(1, "failed", "words " * 99)]
    smallest = json.loads([*forms({**RUN, "tasks": tasks, "task_counts": counted(tasks)})][-1])
    assert (smallest["tasks"], smallest["output_tail"], smallest["evidence"]) == ([], "", {})
    assert smallest["tasks_cut"] == "The results of all tasks (1) were left out: the report was too large."
    for name in ("state", "verification", "finished_at", "verdict_detail", "exit_code"):
        assert smallest[name] == RUN[name]


@given(st.lists(st.sampled_from(sorted(TaskStatus)), max_size=400), st.integers(0, 100))
def test_a_cut_list_is_in_order_and_within_its_bound(statuses, most):
    tasks = [task(number, status) for number, status in enumerate(statuses, 1)]
    kept = [one["number"] for one in select(tasks, most)]
    assert kept == sorted(kept)
    assert len(kept) <= most or len(tasks) <= most
    if sum(status in BAD for status in statuses) <= most * 0.8:
        assert {one["number"] for one in tasks if one["status"] in BAD} <= set(kept)


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"name": 1}', '{"name": "a", "host": "h", "status": []}', "null", "x" * 100_000]
)
def test_a_line_that_the_callback_did_not_write_is_left_out(tmp_path, line):
    (tmp_path / "tasks").write_text(line + "\n" + '{"begun": "Wait", "host": "web-1"}\n')
    tasks = Tasks(tmp_path / "tasks")
    tasks.read()
    assert tasks.document() == {"tasks": [], "task_counts": {}}
    assert tasks.unfinished == [("web-1", "Wait")]
