"""Writes the tables of docs/security.md, docs/reliability.md and docs/compatibility.md: `make docs`.

A row is in docs/data; what proves it are the tests that bear its mark, `@pytest.mark.fault("F3")`.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
BEGIN = "<!-- The table is written by `make docs` from docs/data and the marks of the tests. -->"
END = "<!-- end of the table -->"
PAGES = {
    "fault": (ROOT / "docs/reliability.md", ROOT / "docs/data/faults.yml", ("what", "then", "how")),
    "threat": (ROOT / "docs/security.md", ROOT / "docs/data/threats.yml", ("what", "how")),
    "compatible": (
        ROOT / "docs/compatibility.md",
        ROOT / "docs/data/compatibility.yml",
        ("what", "version", "how"),
    ),
}
HEADINGS = {
    "fault": {"what": "Fault", "then": "Effect", "how": "Control"},
    "threat": {"what": "Threat", "how": "Control"},
    "compatible": {"what": "With", "version": "Version", "how": "Tested"},
}
NOT_TESTED = "**not tested**"


def rows(mark: str) -> list[dict[str, Any]]:
    """Return the rows of a table."""
    loaded: list[dict[str, Any]] = yaml.safe_load(PAGES[mark][1].read_text(encoding="utf-8"))
    return loaded


def proofs(mark: str) -> dict[str, list[str]]:
    """Return the tests that prove each row: path::name, by the row's id."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if f"mark.{mark}(" not in text:
            continue
        for test in ast.walk(ast.parse(text)):
            if isinstance(test, ast.FunctionDef):
                for name in _marked(test, mark):
                    found.setdefault(name, []).append(f"{path.relative_to(ROOT)}::{test.name}")
    return found


def _marked(test: ast.FunctionDef, mark: str) -> Iterator[str]:
    for decorator in test.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == f"pytest.mark.{mark}":
            yield from (ast.literal_eval(argument) for argument in decorator.args)


def table(mark: str) -> str:
    """Return a table as Markdown."""
    columns, proven = PAGES[mark][2], proofs(mark)
    titles = [HEADINGS[mark][name] for name in columns]
    lines = [f"| # | {' | '.join(titles)} | Tests |", f"|{' --- |' * (len(columns) + 2)}"]
    for row in rows(mark):
        tests = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in proven.get(row["id"], []))
        lines.append(f"| {row['id']} | {' | '.join(row[name] for name in columns)} | {tests or NOT_TESTED} |")
    return "\n".join(lines)


def page(mark: str) -> str:
    """Return a page with its table as it must be."""
    text = PAGES[mark][0].read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table(mark)}\n\n{END}{after}"


if __name__ == "__main__":
    for mark_, (path_, _, _) in PAGES.items():
        path_.write_text(page(mark_), encoding="utf-8")
