"""Clients that deliver without a pause, and what the journal holds afterwards."""

import http.client
import threading
import time

from tests.webhook.process import alert, message


def names(webhook):
    """The alert names of all events, in order; the numbers must have no hole."""
    rows, after = [], 0
    while page := webhook.events(after)["events"]:
        rows += page
        after = page[-1]["seq"]
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    return [row["labels"]["alertname"] for row in rows]


class Senders:
    """Clients that post one new alert after the other, and remember what was acknowledged."""

    def __init__(self, webhook, count=6, prefix=""):
        self._prefix = prefix
        self.acknowledged, self.refused = [], 0
        self._stop = threading.Event()
        self._webhook = webhook
        self._threads = [threading.Thread(target=self._send, args=(n,)) for n in range(count)]
        for thread in self._threads:
            thread.start()

    def _send(self, worker):
        number = 0
        while not self._stop.is_set():
            number += 1
            name = f"{self._prefix}w{worker}n{number}"
            try:
                answer = self._webhook.post(message(alert(name)), timeout=10)
            except (OSError, http.client.HTTPException):
                self.refused += 1
                time.sleep(0.02)
                continue
            if answer.status == 200:
                self.acknowledged.append(name)

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join(30)
