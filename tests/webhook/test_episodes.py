"""The journal against a simple model of episodes, and the rule's sentences one by one, on both databases."""

import json

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

S1, S2, S3 = (f"2026-11-23T15:0{n}:00.000Z" for n in (1, 2, 3))
LATER = "2099-01-01T00:00:00.000Z"


@pytest.fixture
def journal(location, new_journal):
    return new_journal(location())


def event(
    status, starts_at=S1, *, fingerprint="00000000000000aa", source="alertmanager", at=S3, ends_at=None
):
    return {
        "kind": "alert",
        "source": source,
        "received_at": at,
        "status": status,
        "fingerprint": fingerprint,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "labels": {"alertname": "X"},
        "annotations": {},
        "generator_url": "",
        "group_key": "",
        "receiver": "",
    }


def rows(journal):
    return [json.loads(text) for text in journal.read(0, 1000).events]


def outline(journal):
    """Each event as status, start and the position of the event that opened its episode."""
    events = rows(journal)
    order = {row["id"]: number for number, row in enumerate(events, 1)}
    return [(row["status"], row["starts_at"], order[row["episode"]]) for row in events]


def put(journal, *events):
    return [journal.append([item])[:2] for item in events]


def end_by_reconciler(journal, starts_at=S1):
    (episode,) = journal.open_episodes()
    return journal.end_episode(event("resolved", starts_at, source="reconcile"), episode.episode, LATER)


def test_an_end_ends_the_episode_and_the_next_start_opens_another(journal):
    put(journal, event("firing", S1), event("resolved", S1), event("firing", S2))

    assert outline(journal) == [("firing", S1, 1), ("resolved", S1, 1), ("firing", S2, 3)]


def test_another_start_continues_an_open_episode(journal):
    put(journal, event("firing", S1), event("firing", S2), event("resolved", S2))

    assert outline(journal) == [("firing", S1, 1), ("firing", S2, 1), ("resolved", S2, 1)]
    assert journal.open_episodes() == []


def test_a_repeat_adds_no_event_and_is_counted(journal):
    assert put(journal, event("firing"), event("firing"), event("firing")) == [(1, 0), (0, 1), (0, 1)]
    assert put(journal, event("resolved"), event("resolved")) == [(1, 0), (0, 1)]


def test_a_late_delivery_of_an_episode_alertmanager_ended_is_only_counted(journal):
    put(journal, event("firing"), event("resolved"))

    assert put(journal, event("firing")) == [(0, 1)]
    assert journal.open_episodes() == []


def test_a_late_delivery_of_an_episode_only_the_reconciler_ended_reopens_it(journal):
    put(journal, event("firing"))
    end_by_reconciler(journal)

    assert put(journal, event("firing"), event("firing")) == [(1, 0), (0, 1)]

    assert outline(journal) == [("firing", S1, 1), ("resolved", S1, 1), ("firing", S1, 1)]
    assert len({row["id"] for row in rows(journal)}) == 3


def test_an_end_by_alertmanager_ends_a_reopened_episode(journal):
    put(journal, event("firing"))
    end_by_reconciler(journal)

    assert put(journal, event("firing"), event("resolved"), event("resolved")) == [(1, 0), (1, 0), (0, 1)]
    assert put(journal, event("firing")) == [(0, 1)]


def test_an_end_that_alertmanager_confirms_is_not_reopened_by_a_late_delivery(journal):
    put(journal, event("firing"))
    end_by_reconciler(journal)

    assert put(journal, event("resolved"), event("firing")) == [(0, 1), (0, 1)]
    assert journal.open_episodes() == []


def test_a_repeat_of_an_earlier_end_does_not_end_the_next_episode(journal):
    put(journal, event("firing", S1), event("resolved", S1), event("firing", S2))

    assert put(journal, event("resolved", S1)) == [(0, 1)]
    assert len(journal.open_episodes()) == 1


def test_an_end_nobody_had_heard_of_is_recorded_and_its_late_start_only_counted(journal):
    assert put(journal, event("resolved"), event("firing")) == [(1, 0), (0, 1)]
    assert outline(journal) == [("resolved", S1, 1)]


def test_fingerprints_do_not_touch_each_other(journal):
    put(journal, event("firing"), event("firing", fingerprint="00000000000000bb"), event("resolved"))

    assert [episode.fingerprint for episode in journal.open_episodes()] == ["00000000000000bb"]


def test_the_reconciler_takes_up_an_episode_alertmanager_ended_only_when_sure(journal):
    put(journal, event("firing"), event("resolved"))
    again = event("firing", source="reconcile")

    assert journal.append_unheard(again, is_confirmed=False).accepted == 0
    assert journal.append_unheard(again, is_confirmed=True).accepted == 1
    assert journal.append_unheard(again, is_confirmed=True).accepted == 0

    assert outline(journal)[-1] == ("firing", S1, 1)


def test_the_reconciler_does_not_end_an_episode_that_was_seen_firing_meanwhile(journal):
    put(journal, event("firing", at=S1))
    (episode,) = journal.open_episodes()
    put(journal, event("firing", at=S3))

    receipt = journal.end_episode(event("resolved", source="reconcile"), episode.episode, unseen_since=S2)

    assert receipt.accepted == 0
    assert len(journal.open_episodes()) == 1


class Episodes(RuleBasedStateMachine):
    """Deliveries in any order; the model knows each fingerprint's stretches of firing and nothing of SQL."""

    location = None
    new_journal = None

    @initialize()
    def begin(self):
        self.printed = []
        self.journal = type(self).new_journal(type(self).location(), self.printed.append)
        self.expected = []  # (fingerprint, status, start, episode number)
        self.latest = {}  # fingerprint -> [episode number, who ended it]
        self.newest = {}  # fingerprint -> start of the latest episode's newest event
        self.doubted = {}  # fingerprint -> start delivered firing since the latest episode ended
        self.known = {}  # (fingerprint, start) -> episodes of its events
        self.ended = {}  # (fingerprint, start) -> episodes with an end at that start
        self.delivered = 0

    def _model(self, fingerprint, status, start, source):
        known = self.known.setdefault((fingerprint, start), [])
        ended = self.ended.setdefault((fingerprint, start), [])
        is_earlier = start < self.doubted.get(fingerprint, self.newest.get(fingerprint, start))
        judge = self._firing if status == "firing" else self._end
        episode = judge(fingerprint, start, source, known, ended, is_earlier)
        if episode is None:
            return
        if status == "firing" or not is_earlier:
            self.latest[fingerprint] = (episode, None if status == "firing" else source)
            self.newest[fingerprint] = start
            self.doubted.pop(fingerprint, None)
        if status == "resolved":
            ended.append(episode)
        known.append(episode)
        self.expected.append((fingerprint, status, start, episode))

    def _firing(self, fingerprint, start, _source, known, _ended, is_earlier):
        """The design's sentences, in the order in which they are written there; none: it is counted."""
        number, ended_by = self.latest.get(fingerprint, (None, "nobody"))
        if number is not None and ended_by is None:
            return None if known or is_earlier else number
        if known and (number not in known or ended_by == "alertmanager"):
            self.doubted[fingerprint] = start
            return None
        return number if known else len(self.expected) + 1

    def _end(self, fingerprint, _start, source, known, ended, is_earlier):
        number, ended_by = self.latest.get(fingerprint, (None, "nobody"))
        if number is not None and ended_by is None:
            if known and is_earlier:
                return None
            return len(self.expected) + 1 if is_earlier else number
        if not ended:
            return known[0] if known else len(self.expected) + 1
        if number in ended and source == "alertmanager":
            self.latest[fingerprint] = (number, source)
        if not is_earlier:
            self.doubted.pop(fingerprint, None)
        return None

    def teardown(self):
        self.journal.close()

    @rule(
        fingerprint=st.sampled_from(["00000000000000aa", "00000000000000bb"]),
        status=st.sampled_from(["firing", "resolved"]),
        start=st.sampled_from([S1, S2, S3]),
    )
    def deliver(self, fingerprint, status, start):
        before = len(self.expected)
        self._model(fingerprint, status, start, "alertmanager")
        receipt = self.journal.append([event(status, start, fingerprint=fingerprint)])
        assert receipt.accepted == len(self.expected) - before
        assert receipt.accepted + receipt.duplicates == 1
        assert receipt.last_seq == len(self.expected)

    @rule()
    def reconciler_ends_what_is_open(self):
        for episode in self.journal.open_episodes():
            start = episode.firing["starts_at"]
            self._model(episode.fingerprint, "resolved", start, "reconcile")
            gone = event("resolved", start, fingerprint=episode.fingerprint, source="reconcile")
            self.journal.end_episode(gone, episode.episode, unseen_since=LATER)

    @invariant()
    def the_journal_is_what_the_model_says(self):
        events = rows(self.journal)
        order = {row["id"]: row["seq"] for row in events}
        assert [row["seq"] for row in events] == list(range(1, len(events) + 1))
        assert [
            (r["fingerprint"], r["status"], r["starts_at"], order[r["episode"]]) for r in events
        ] == self.expected
        open_now = {name for name, (_, ended_by) in self.latest.items() if ended_by is None}
        assert {episode.fingerprint for episode in self.journal.open_episodes()} == open_now
        assert [json.loads(text)["seq"] for text in self.printed] == [row["seq"] for row in events]


@pytest.mark.slow
@pytest.mark.compatible("C5", "C6")
def test_the_journal_agrees_with_the_model_of_episodes(location, new_journal):
    class Machine(Episodes):
        pass

    Machine.location = staticmethod(location)
    Machine.new_journal = staticmethod(new_journal)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        ),
    )
