"""The states of runs, decisions and verdicts are named once, in `contract`."""

import ast
from pathlib import Path

import pytest

from contract.decisions import DecisionKind
from contract.runs import ALLOWED, OPEN, TOLD, RunState, Verdict

ROOT = Path(__file__).parents[2]
PARTS = ("app", "automation", "cli", "webhook", "serving", "gate")
USED_FOR_MORE = frozenset({"run", "pending", "failed", "unknown", "verified", "running", "queued"})
"""Words of other things, too: an event's kind, a person's account, a heading."""
STATES = frozenset({*RunState, *DecisionKind, *Verdict}) - USED_FOR_MORE


def literals(source: str) -> set[str]:
    nodes = ast.walk(ast.parse(source))
    return {str(node.value) for node in nodes if isinstance(node, ast.Constant)} & STATES


@pytest.mark.parametrize("part", PARTS)
def test_no_module_writes_a_state_as_a_literal(part: str) -> None:
    found = {str(path.relative_to(ROOT)): literals(path.read_text()) for path in (ROOT / part).rglob("*.py")}
    assert {path: words for path, words in found.items() if words} == {}


def test_every_state_of_a_run_has_its_row_of_what_may_follow() -> None:
    assert ALLOWED.keys() == set(RunState)


def test_a_run_whose_end_was_told_stays_as_it_is() -> None:
    assert {state for state in RunState if not ALLOWED[state]} == TOLD


def test_an_open_run_can_end_in_every_way() -> None:
    assert all(ALLOWED[state] >= TOLD | {RunState.UNKNOWN} for state in OPEN)
