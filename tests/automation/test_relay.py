"""What the monitor passes on to automation: the whole lines that are meant for it, however they are cut."""

import time

from hypothesis import given
from hypothesis import strategies as st

from automation.follow.relay import Lines
from contract import limits

ALERT = b'{"kind": "alert", "seq": 1}'
HEARTBEAT = b'{"kind":"heartbeat","seq":2}'
OTHERS = [b'{"kind": "access"}', b"Killed", b"", b"\xff\xfe", b'{"kind": "alert']
TIMES = [b"", b"2026-11-23T10:00:00.900000000Z ", b"2026-11-23T10:00:01Z "]


@given(st.data())
def test_lines_arrive_whole_and_in_order_however_they_are_cut(data):
    one = st.tuples(st.sampled_from(TIMES), st.sampled_from([ALERT, HEARTBEAT, *OTHERS]))
    sent = data.draw(st.lists(one, max_size=12))
    log = b"".join(when + text + b"\n" for when, text in sent)
    places = sorted(data.draw(st.sets(st.integers(0, len(log)), max_size=8)))
    lines = Lines()
    passed = [lines.cut(log[begin:end]) for begin, end in zip([0, *places], [*places, len(log)], strict=True)]
    wanted = [(when, text) for when, text in sent if text in {ALERT, HEARTBEAT}]
    assert b"".join(passed) == b"".join(text + b"\n" for _, text in wanted)
    assert lines.count == len(wanted)
    assert lines.last_time == next((when.strip() for when, _ in reversed(wanted) if when), b"")


def test_a_line_that_automation_would_not_read_is_left_out_and_the_next_one_is_not():
    lines = Lines()
    endless = ALERT + b"x" * limits.LOG_LINE_BYTES
    blocks = [endless[begin : begin + 65536] for begin in range(0, len(endless), 65536)]
    assert b"".join(lines.cut(block) for block in [*blocks, b"x\n", ALERT + b"\n"]) == ALERT + b"\n"
    assert lines.cut(endless + b"\n" + ALERT + b"\n") == ALERT + b"\n"


def test_a_line_that_drips_takes_time_in_proportion_to_its_length():
    lines, began = Lines(), time.thread_time()
    for _ in range(200_000):
        lines.cut(b"x")
    assert lines.cut(b"\n" + HEARTBEAT + b"\n") == HEARTBEAT + b"\n"
    assert time.thread_time() - began < 5
