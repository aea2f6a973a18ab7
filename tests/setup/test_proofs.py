"""The tables of faults and threats: every row has its tests, every mark its row."""

import pytest

from tools import proof_pages

MARKS = [*proof_pages.PAGES]


def ids(mark):
    return [row["id"] for row in proof_pages.rows(mark)]


@pytest.mark.parametrize("mark", MARKS)
def test_a_row_has_tests(mark):
    assert set(ids(mark)) - set(proof_pages.proofs(mark)) == set()


@pytest.mark.parametrize("mark", MARKS)
def test_a_marked_test_has_its_row(mark):
    assert set(proof_pages.proofs(mark)) <= set(ids(mark))


@pytest.mark.parametrize("mark", MARKS)
def test_rows_are_numbered_without_a_hole(mark):
    assert ids(mark) == [f"{mark[0].upper()}{number}" for number in range(1, len(ids(mark)) + 1)]


@pytest.mark.parametrize("mark", MARKS)
def test_the_page_is_the_one_that_make_docs_writes(mark):
    assert proof_pages.PAGES[mark][0].read_text() == proof_pages.page(mark), "run make docs"


@pytest.mark.parametrize("mark", MARKS)
def test_a_row_without_a_test_and_a_mark_without_a_row_would_be_seen(mark, tmp_path, monkeypatch):
    """The two comparisons above, on a tree in which both are wrong."""
    (tmp_path / "tests").mkdir()
    test = f'@pytest.mark.{mark}("{mark[0].upper()}999")\ndef test_nothing(): ...\n'
    (tmp_path / "tests" / "test_one.py").write_text(f"import pytest\n{test}")
    monkeypatch.setattr(proof_pages, "ROOT", tmp_path)

    assert proof_pages.proofs(mark) == {f"{mark[0].upper()}999": ["tests/test_one.py::test_nothing"]}
    assert proof_pages.NOT_TESTED in proof_pages.table(mark)


def test_readers_are_told_where_to_report_a_hole():
    text = (proof_pages.ROOT / "SECURITY.md").read_text()
    assert "private" in text
    assert "docs/security.md" in text
