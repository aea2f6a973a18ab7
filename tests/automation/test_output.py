"""What a run wrote, as it is kept: its end, without secrets and control characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.run.output import LIMIT, clean, read_tail


@pytest.mark.threat("T28")
def test_secrets_and_control_characters_are_removed():
    assert clean("a\x1b[31mred\x1b[0m\x07 pass\x1b[1mword: hunter2") == "ared password: [redacted]"


@pytest.mark.threat("T28")
def test_only_the_tail_of_long_output_is_kept(tmp_path):
    path = tmp_path / "out"
    path.write_text("".join(f"line {n} ü\n" for n in range(50_000)))
    tail = read_tail(path)
    assert len(tail.encode()) <= LIMIT
    assert tail.endswith("line 49999 ü\n")


def test_what_was_cut_off_at_the_beginning_of_the_tail_is_not_shown(tmp_path):
    path = tmp_path / "out"
    path.write_text("password: " + "hunter2 " * LIMIT + "\npassword: hunter2" * 2000 + "\nend\n")
    assert "hunter2" not in read_tail(path)


@given(st.text())
def test_redaction_never_fails(text):
    assert "\x1b" not in clean(text)
