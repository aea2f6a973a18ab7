"""Deadlines of the tests on a cluster are ceilings of patience: E2E_PATIENCE lengthens each of them."""

import re
from pathlib import Path

from tests.chart.rendering import ROOT

FIXED = re.compile(r"--timeout=\d|[(, ]timeout=\d|\buntil\((?!.*patient).*, \d+\)")
ALLOWED = re.compile(r"pytest\.mark\.timeout|def ")


def fixed_deadlines(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if FIXED.search(line) and not ALLOWED.search(line)]


def test_no_deadline_of_a_test_on_a_cluster_is_fixed() -> None:
    files = sorted((ROOT / "tests/e2e").rglob("*.py"))
    assert len(files) > 30
    found = {str(file.relative_to(ROOT)): lines for file in files if (lines := fixed_deadlines(file))}
    assert found == {}
