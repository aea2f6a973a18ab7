import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from contract.signing import canonical, signature
from tests.waiting import until
from tests.webhook.process import KEY, READER, alert, message


@pytest.fixture
def filled(new_webhook):
    webhook = new_webhook().start()
    webhook.post(message(*(alert(f"A{n}") for n in range(25))))
    return webhook


def test_events_come_in_pages_by_number(filled):
    first = filled.events(after=0, limit=10)
    second = filled.events(after=10, limit=10)
    third = filled.events(after=20, limit=10)

    numbers = [[event["seq"] for event in page["events"]] for page in (first, second, third)]
    assert numbers == [list(range(1, 11)), list(range(11, 21)), list(range(21, 26))]
    assert {key: first[key] for key in ("last_seq", "oldest_seq")} == {"last_seq": 25, "oldest_seq": 1}
    assert filled.events(after=25)["events"] == []


def test_a_number_ahead_of_the_journal_is_answered_at_once(filled):
    answer = filled.events(after=1000, wait=30)

    assert (answer["events"], answer["last_seq"]) == ([], 25)


@pytest.mark.parametrize(
    "query",
    [
        "after=-1",
        "after=x",
        "after=1.5",
        "after=",
        "after=%C2%B2",
        "after=" + "9" * 30,
        "limit=0",
        "limit=1001",
        "wait=31",
    ],
)
def test_a_wrong_parameter_is_refused_by_name(filled, query):
    answer = filled.get(f"/events?{query}", token=READER)

    assert answer.status == 400
    assert query.partition("=")[0] in answer.json["reasons"][0]


def test_printed_lines_are_the_events_with_valid_signatures(filled):
    events = filled.events()["events"]

    assert until(lambda: filled.lines("alert") == events) is True
    for event in events:
        text = canonical({name: value for name, value in event.items() if name != "sig"})
        assert event["sig"] == signature(text, KEY.encode())


def test_a_waiting_consumer_gets_an_event_as_soon_as_it_is_stored(filled):
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(filled.events, 25, wait=30)
        until(lambda: filled.get("/healthz").status == 200)
        filled.post(message(alert("New")))
        page = waiting.result(10)

    assert [event["labels"]["alertname"] for event in page["events"]] == ["New"]


def test_a_wait_ends_without_an_event(filled):
    assert filled.events(after=25, wait=1)["events"] == []


def test_consumers_that_wait_leave_threads_for_deliveries(filled):
    """Twelve wait, of whom four may hold a thread; the others are asked to come again."""
    with ThreadPoolExecutor(12) as pool:
        waiting = [pool.submit(filled.get, "/events?after=25&wait=30", token=READER) for _ in range(12)]
        until(lambda: sum(done.done() for done in waiting) == 8)

        assert filled.post(message(alert("Unhurt")), timeout=3).status == 200

        answers = [done.result(10) for done in waiting]
    assert sum("Retry-After" in answer.headers for answer in answers) == 8
    assert all(answer.status == 200 for answer in answers)


def test_it_ends_gracefully_while_consumers_wait(filled):
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(filled.events, 25, wait=30) for _ in range(3)]
        time.sleep(0.3)
        started = time.monotonic()
        assert filled.stop() == 0
        assert time.monotonic() - started < 15
        assert [done.result(10)["events"] for done in waiting] == [[], [], []]


def test_requests_in_flight_are_answered_when_it_ends(new_webhook):
    webhook = new_webhook().start()
    stored, stop = [], threading.Event()

    def send(worker):
        for n in range(10_000):
            if stop.is_set():
                return
            try:
                answer = webhook.post(message(alert(f"W{worker}N{n}")), timeout=10)
            except OSError:
                return
            assert answer.status == 200
            stored.append(f"W{worker}N{n}")

    with ThreadPoolExecutor(4) as pool:
        sending = [pool.submit(send, worker) for worker in range(4)]
        until(lambda: len(stored) > 50)
        assert webhook.stop() == 0
        stop.set()
        for done in sending:
            done.result(20)

    webhook.start()
    names = set()
    after = 0
    while page := webhook.events(after)["events"]:
        names |= {event["labels"]["alertname"] for event in page}
        after = page[-1]["seq"]
    assert set(stored) <= names
    assert names <= {json.loads(json.dumps(row))["labels"]["alertname"] for row in webhook.lines("alert")}
