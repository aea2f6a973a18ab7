"""One way to read and write a duration, for settings, policy and rules."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract import durations

ROOT = Path(__file__).parents[2]
READ = {
    "15s": 15,
    "5m": 300,
    "1h30m": 5400,
    "30d": 30 * 86400,
    "1d12h": 1.5 * 86400,
    "500ms": 0.5,
    "1.5h": 5400,
    "1m500ms": 60.5,
    "0s": 0,
}
REFUSED = [
    "",
    "15",
    "m",
    "5 m",
    "-5m",
    "5m1h",
    "1m1m",
    "1e3s",
    ".5s",
    "5.s",
    "\uff15m",
    "9999999999d",
    "5m\n",
]


@pytest.mark.parametrize(("text", "seconds"), READ.items())
def test_what_people_write_is_read(text, seconds):
    assert durations.read(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_duration_is_refused_with_what_is_wanted(text):
    with pytest.raises(ValueError, match=r"is not a duration; write numbers with units, such as 15s"):
        durations.read(text)


@given(st.integers(min_value=0, max_value=10**7))
def test_a_written_duration_reads_back(seconds):
    assert durations.read(durations.write(seconds)) == seconds


@pytest.mark.parametrize("text", ["36501d", "999999999d999999999h"])
def test_no_duration_is_longer_than_a_hundred_years(text):
    with pytest.raises(ValueError, match="must be at most 36500d"):
        durations.read(text)


READERS = [(durations.read, durations.PATTERN), (durations.read_whole, durations.WHOLE_PATTERN)]


@pytest.mark.parametrize(("read", "pattern"), READERS, ids=["any", "whole"])
@settings(deadline=None)  # a busy machine is no slow parser
@given(text=st.text(max_size=20) | st.from_regex(durations.PATTERN, fullmatch=True))
def test_what_the_published_pattern_takes_is_read_unless_it_is_too_long(read, pattern, text):
    is_published = bool(text) and re.fullmatch(pattern, text) is not None
    try:
        outcome = read(text) >= 0
    except ValueError as error:
        outcome = is_published and str(error).startswith("must be at most")
    assert outcome == is_published


@pytest.mark.parametrize("text", ["500ms", "1.5m"])
def test_the_policy_counts_whole_seconds(text):
    with pytest.raises(ValueError, match="is not a duration"):
        durations.read_whole(text)


def test_the_chart_takes_the_durations_that_the_parts_take():
    schema = (ROOT / "charts/oims/values.schema.json").read_text()
    patterns = {text for text in re.findall(r'"pattern": ("[^\n]*")', schema) if "m)?" in text}
    assert patterns == {json.dumps(durations.PATTERN), json.dumps(durations.WHOLE_PATTERN)}
