"""Pretended people: visitors, so that the app's metrics say something, and one who writes without a pause."""

import threading

import requests

from tests.e2e.forward import Forward
from tests.e2e.patience import patient

PAUSE_SECONDS = 0.2
ANSWER_SECONDS = 65  # longer than a saturated app holds a request


class Visitors:
    """Threads that ask with a token again and again; what comes back is Prometheus' business.

    Errors of strangers don't restart the app, so these are none.
    They come through a port-forward of their own: closing it ends the requests that the app still holds.
    """

    def __init__(self, release, pod=None, *, count=1):
        target = f"pod/{pod}" if pod else f"service/{release.object_name('app')}"
        self._headers = {"Authorization": f"Bearer {release.token('read')}"}
        self._forward, self._stop = Forward(release.namespace.name, target, 5000), threading.Event()
        self._threads = [threading.Thread(target=self._visit) for _ in range(count)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error):
        self._stop.set()
        for thread in self._threads:
            while thread.is_alive():
                self._forward.close()
                thread.join(1)
        self._forward.close()  # a visitor on its way out may have opened it once more

    def _visit(self):
        while not self._stop.wait(PAUSE_SECONDS):
            try:
                url = f"{self._forward.url}/api/v1/incidents?limit=1"
                requests.get(
                    url, headers=self._headers, timeout=patient(ANSWER_SECONDS), allow_redirects=False
                )
            except requests.RequestException:
                self._stop.wait(1)


class Writer:
    """Opens incidents one after the other and notes those that the app acknowledged."""

    def __init__(self, release):
        self.acknowledged = {}
        self._release, self._stop = release, threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self):
        self._release.token()
        self._thread.start()
        return self

    def __exit__(self, *_error):
        self._stop.set()
        self._thread.join()

    def _write(self):
        count = 0
        while not self._stop.is_set():
            count += 1
            title = f"Written as number {count}"
            try:
                self.acknowledged[self._release.add_incident(title)] = title
            except requests.RequestException:
                self._stop.wait(0.5)
