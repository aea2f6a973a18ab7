"""One automation acts: the election, with a clock and a Lease that a test controls."""

import pytest

from automation.lease.election import DURATION, Election
from automation.lease.record import LeaseError, Record


class Lease:
    """A Lease as the API server keeps it; it can go away."""

    def __init__(self):
        self.record, self.is_down, self.now = Record(None), False, 0.0

    def read(self):
        if self.is_down:
            raise LeaseError("the cluster does not answer")
        return self.record

    def write(self, record, *, holder, duration):
        if self.is_down:
            raise LeaseError("the cluster does not answer")
        if record.version != self.record.version:
            return False
        self.record = Record(str(int(record.version or 0) + 1), holder, duration, record.transitions)
        return True

    def elector(self, name):
        return Election(self, name, lambda: None, now=lambda: self.now)


@pytest.fixture
def lease():
    return Lease()


def test_the_first_leads_and_the_second_waits(lease):
    one, two = lease.elector("one"), lease.elector("two")
    assert not one.is_leader
    for _ in range(10):
        one.round()
        two.round()
        assert (one.is_leader, two.is_leader) == (True, False)
        lease.now += 5
    assert two.holder == "one"


def test_never_do_two_lead_when_the_first_is_cut_off(lease):
    one, two = lease.elector("one"), lease.elector("two")
    one.round()
    two.round()
    for second in range(1, 40):
        lease.now = second
        two.round()
        assert not (one.is_leader and two.is_leader)
    assert two.is_leader
    one.round()
    assert not one.is_leader


def test_it_fails_closed_when_the_cluster_does_not_answer(lease):
    one = lease.elector("one")
    one.round()
    lease.is_down = True
    lease.now = DURATION - 1
    one.round()
    assert not one.is_leader
    assert one.problem == "the cluster does not answer"
    lease.is_down = False
    one.round()
    assert one.is_leader


def test_of_two_that_write_at_once_one_leads(lease):
    one, two = lease.elector("one"), lease.elector("two")
    stale = lease.read()
    one.round()
    lease.read = lambda: stale
    two.round()
    assert (one.is_leader, two.is_leader) == (True, False)


def test_a_lease_given_back_is_taken_at_once(lease):
    one, two = lease.elector("one"), lease.elector("two")
    one.round()
    two.round()
    one.release()
    two.round()
    assert (one.is_leader, two.is_leader) == (False, True)
