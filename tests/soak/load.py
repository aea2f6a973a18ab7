"""Alerts that can be counted: each has a number, which its start carries, and is sent until it is stored."""

import contextlib
import json
import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import requests

from tests.automation.installation import WRITER_TOKEN, Installation

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
STARTS_PER_EPISODE = 9
"""How often an alert tells a new start before it ends: such events change an incident, and decide nothing."""
FIRING, RESOLVED = 1, 2


class Load:
    """Posts many alerts at a time, of a fixed set of instances, as long as the consumers keep up."""

    def __init__(
        self,
        installation: Installation,
        *,
        seed: int,
        per_post: int,
        most: int,
        may_go_on: Callable[[], bool] = lambda: True,
    ):
        self._installation, self._random = installation, random.Random(seed)  # noqa: S311 - a repeatable choice
        self._per_post, self._most, self._may_go_on = per_post, most, may_go_on
        self._stop = threading.Event()
        self._number = 0
        self.acknowledged = bytearray()
        """What the webhook has said it stored, by the number of the alert."""
        self.events = self.deliveries = self.refused = self.repeats = 0
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Send what is begun to its end."""
        self._stop.set()
        self._thread.join()

    @property
    def is_done(self) -> bool:
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set() and self.events < self._most:
            while not self._may_go_on() and not self._stop.is_set():
                time.sleep(0.2)
            for _ in range(STARTS_PER_EPISODE):
                numbers = range(self._number, self._number + self._per_post)
                self._number = numbers.stop
                self._send(numbers, FIRING)
            self._send(numbers, RESOLVED)

    def _send(self, numbers: range, status: int) -> None:
        """Deliver one batch, and one in ten a second time, as Alertmanager does."""
        body = json.dumps({"alerts": [alert(number, self._per_post, status) for number in numbers]})
        for _ in range(2 if self._random.random() < 0.1 else 1):
            self._deliver(body)
        self.acknowledged.extend(bytes(numbers.stop - len(self.acknowledged)))
        for number in numbers:
            self.acknowledged[number] |= status
        self.events += len(numbers)

    def _deliver(self, body: str) -> None:
        headers = {"Authorization": f"Bearer {WRITER_TOKEN}", "Content-Type": "application/json"}
        while True:
            self.deliveries += 1
            with contextlib.suppress(requests.RequestException):
                answer = requests.post(self._installation.webhook, data=body, headers=headers, timeout=30)
                if answer.ok:
                    self.repeats += answer.json()["duplicates"]
                    return
                assert answer.status_code >= 500, answer.text
            self.refused += 1
            time.sleep(0.1)


def alert(number: int, instances: int, status: int) -> dict:
    """The alert of a number: its start is the only thing that tells it from the others of its instance."""
    return {
        "status": "firing" if status == FIRING else "resolved",
        "labels": {"alertname": "Soak", "instance": f"host-{number % instances}", "severity": "low"},
        "startsAt": (EPOCH + timedelta(seconds=number)).isoformat(),
    }


def differences(installation: Installation, acknowledged: bytearray) -> tuple[list[str], list[str]]:
    """What was acknowledged and is not in the journal; what is there twice, or was never sent."""
    left, twice = bytearray(acknowledged), []
    for starts_at, status in installation.each_in_journal(
        "SELECT starts_at, status FROM journal_events WHERE body LIKE '%\"Soak\"%'"
    ):
        number = round((datetime.fromisoformat(starts_at) - EPOCH).total_seconds())
        bit = FIRING if status == "firing" else RESOLVED
        if number >= len(left) or not left[number] & bit:
            twice.append(f"{number} {status}")
        else:
            left[number] &= ~bit
    return [f"{number}" for number, bits in enumerate(left) if bits], twice
