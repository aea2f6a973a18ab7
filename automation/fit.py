"""Reports in a form that the app takes: within the table of limits, and smaller each time it refuses one.

What is cut says so. Identity, state, times and verdict are never cut, so the end of a run always arrives.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from contract import limits
from contract.runs import BAD
from contract.text import one_line, safe

NAMES = {
    "alertname": limits.NAME,
    "remedy": limits.NAME,
    "playbook": limits.NAME,
    "kind": limits.NAME,
    "host": limits.NAME,
    "namespace": limits.OBJECT_NAME,
}
TAILS = {"output_tail": limits.OUTPUT_BYTES, "preview": limits.PREVIEW_BYTES}
"""Texts of which the end matters, with their length in bytes."""
DEPTH = 8
BAD_SHARE = 0.8
"""How much of a list of tasks may be failed ones before those are cut as well."""


class Form(NamedTuple):
    """How much of a report is told."""

    tasks: int
    """Results of tasks."""
    text: int
    """Characters of a name or message of a task."""
    tail: float
    """Which share of the longest output is kept."""
    has_evidence: bool = True


FORMS = (
    Form(limits.TASKS, limits.SENTENCE, 1.0),
    Form(limits.TASKS, 500, 1.0),
    Form(limits.TASKS, 100, 1.0),
    Form(100, 100, 0.2),
    Form(0, 0, 0.0, has_evidence=False),
)


def forms(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield a report as JSON, the fullest form that fits into a request first, then ever smaller ones."""
    last = ""
    for form in FORMS:
        body = json.dumps(_cut_report(document, form), ensure_ascii=False)
        if body != last and len(body.encode()) <= limits.BODY_BYTES:
            yield body
            last = body


def select(tasks: Sequence[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """Return at most so many results: the first, the last, and those that failed; in their order."""
    if len(tasks) <= most:
        return list(tasks)
    bad = _ends([place for place, task in enumerate(tasks) if task["status"] in BAD], int(most * BAD_SHARE))
    others = [place for place in range(len(tasks)) if place not in set(bad)]
    return [tasks[place] for place in sorted({*bad, *_ends(others, most - len(bad))})]


def in_words(tasks: Sequence[Mapping[str, Any]], counts: Mapping[str, int]) -> str | None:
    """Say which results a cut list holds; none when it holds all. A result's `number` counts from 1."""
    total = sum(counts.values())
    if len(tasks) >= total:
        return None
    if not tasks:
        return f"The results of all tasks ({total:,}) were left out: the report was too large."
    numbers = [task["number"] for task in tasks]
    first = sum(number == place for place, number in enumerate(numbers, 1))
    last = sum(number == total - place for place, number in enumerate(reversed(numbers)))
    bad, kept = sum(counts.get(status, 0) for status in BAD), sum(task["status"] in BAD for task in tasks)
    failed = "failed ones are always kept" if kept >= bad else f"{kept:,} of {bad:,} failed ones are kept"
    return f"First {first:,} and last {last:,} of {total:,} tasks; {failed}."


def _ends[T](items: Sequence[T], most: int) -> list[T]:
    """Return the first and the last of a list, at most so many."""
    if len(items) <= most:
        return list(items)
    return [*items[: most - most // 2], *items[len(items) - most // 2 :]]


def _cut_report(document: Mapping[str, Any], form: Form) -> dict[str, Any]:
    cut: dict[str, Any] = {}
    for name, value in document.items():
        if name == "tasks":
            cut[name] = [_cut_task(task, form) for task in select(value, form.tasks)]
        elif name == "evidence":
            cut[name] = _cut(name, value, form) if form.has_evidence else {}
        else:
            cut[name] = _cut(name, value, form)
    if "tasks" in cut and (told := in_words(cut["tasks"], document.get("task_counts") or {})):
        cut["tasks_cut"] = told
    return cut


def _cut_task(task: Mapping[str, Any], form: Form) -> dict[str, Any]:
    texts = {name: _shortened(task[name], form.text) for name in ("name", "message") if name in task}
    return {name: _cut(name, value, form) for name, value in task.items()} | texts


def _cut(name: str, value: Any, form: Form, depth: int = DEPTH) -> Any:
    if isinstance(value, str):
        if name in TAILS:
            return _end_of(safe(value), int(TAILS[name] * form.tail))
        if name in NAMES:
            return _shortened(one_line(value), NAMES[name])
        return _shortened(value, limits.SENTENCE)
    if depth and isinstance(value, Mapping):
        return {
            safe(str(key))[: limits.NAME]: _cut(str(key), one, form, depth - 1) for key, one in value.items()
        }
    if depth and isinstance(value, (list, tuple)):
        return [_cut("", one, form, depth - 1) for one in value]
    return value


def _end_of(text: str, most: int) -> str:
    return text.encode()[-most:].decode(errors="ignore") if most else ""


def _shortened(text: str, most: int) -> str:
    text = safe(text)
    return text if len(text) <= most else text[: max(0, most - 1)] + "…"[:most]
