"""The soak test would see what it looks for."""

import pytest

from tests.soak.load import FIRING, RESOLVED, alert, differences
from tests.soak.measure import Series


def series(mib, descriptors):
    return Series(at=[float(n) for n in range(50)], mib=mib, descriptors=descriptors)


@pytest.mark.fault("F31")
def test_a_leak_is_seen_and_noise_or_a_warm_up_is_none():
    noise = [100.0 + n % 7 for n in range(50)]
    warm_up = [60.0 + min(n, 15) * 3 for n in range(50)]
    assert series(noise, [20] * 50).is_flat
    assert series(warm_up, [20] * 50).is_flat
    assert not series([100.0 + n for n in range(50)], [20] * 50).is_flat
    assert not series(noise, [20 + n for n in range(50)]).is_flat


@pytest.mark.fault("F31")
def test_a_part_that_was_not_looked_at_or_not_there_counts_as_no_proof():
    assert not Series().is_flat
    assert not Series(at=[1.0, 2.0], mib=[50.0, 50.0], descriptors=[20, 20]).is_flat
    assert not series([0.0] * 50, [0] * 50).is_flat


class Journal:
    def __init__(self, *rows):
        self.rows = rows

    def each_in_journal(self, _query):
        return iter(self.rows)


@pytest.mark.fault("F31")
def test_what_is_lost_or_stored_twice_is_named():
    starts = [alert(number, 10, FIRING)["startsAt"] for number in range(3)]
    acknowledged = bytearray([FIRING, FIRING | RESOLVED, FIRING])
    whole = [(starts[0], "firing"), (starts[1], "firing"), (starts[1], "resolved"), (starts[2], "firing")]

    assert differences(Journal(*whole), acknowledged) == ([], [])
    assert differences(Journal(*whole[:-1]), acknowledged) == (["2"], [])
    assert differences(Journal(*whole, whole[0]), acknowledged) == ([], ["0 firing"])
    assert differences(Journal(*whole, (starts[0], "resolved")), acknowledged) == ([], ["0 resolved"])
