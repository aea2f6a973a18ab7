"""A port-forward that is opened again when its pod has gone."""

import re
import select
import subprocess
import threading
import time

import requests

from tests.e2e.patience import again, patient

START_SECONDS = 15
ANSWER_SECONDS = 10
REPEATABLE = {"GET", "HEAD"}


class Forward:
    """An address on this machine for a port of a pod or service.

    kubectl chooses a free port. A request that finds no answer closes the forward; the next opens another.
    What only reads is asked again when its connection is dropped.
    """

    def __init__(self, namespace, target, port):
        self._command = ["kubectl", "-n", namespace, "port-forward", target, f":{port}"]
        self._lock = threading.RLock()
        self._process = None
        self._url = ""

    @property
    def url(self):
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._open()
            return self._url

    def request(self, method, path, **options):
        if method in REPEATABLE:
            return again(lambda: self._request(method, path, **options))
        return self._request(method, path, **options)

    def _request(self, method, path, **options):
        url = again(lambda: self.url) + path
        try:
            return requests.request(
                method, url, timeout=patient(ANSWER_SECONDS), allow_redirects=False, **options
            )
        except requests.RequestException:
            self.close()
            raise

    def close(self):
        with self._lock:
            if self._process is not None:
                self._process.kill()
                self._process.communicate()
                self._process = None

    def _open(self):
        self.close()
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        deadline = time.monotonic() + patient(START_SECONDS)
        said = ""
        while time.monotonic() < deadline:
            if not select.select([self._process.stdout], [], [], 1)[0]:
                continue
            line = self._process.stdout.readline()
            said += line
            if found := re.search(r"127\.0\.0\.1:(\d+)", line):
                self._url = f"http://127.0.0.1:{found[1]}"
                return
            if not line:
                break
        self.close()
        raise requests.ConnectionError(f"{' '.join(self._command)}: {said.strip() or 'no answer'}")
