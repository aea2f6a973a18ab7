"""The versions on docs/compatibility.md are those that the tests use."""

import pytest

from tools import proof_pages

ROWS = {row["id"]: row for row in proof_pages.rows("compatible") if "pin" in row}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_the_version_of_a_row_is_the_one_that_is_pinned(row):
    path, text = row["pin"]
    assert text in (proof_pages.ROOT / path).read_text(encoding="utf-8"), f"{path} has another version"
