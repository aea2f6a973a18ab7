"""Pretended visitors: five requests a second, so that the app's metrics say something.

``python -m demo.visitors URL``
"""

import contextlib
import sys
import time

import requests

PAGE = "/login"
PAUSE_SECONDS = 0.2
TIMEOUT_SECONDS = 2


def main() -> None:
    """Open a page again and again until the process is ended; what comes back is Prometheus' business."""
    url = sys.argv[1] + PAGE
    while True:
        with contextlib.suppress(requests.RequestException):
            requests.get(url, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
