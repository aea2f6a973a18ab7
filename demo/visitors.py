"""A pretended program of a visitor: five requests a second, so that the app's metrics say something.

It comes with a token: errors of strangers don't restart the app. ``python -m demo.visitors URL TOKEN_FILE``
"""

import contextlib
import sys
import time
from pathlib import Path

import requests

PAGE = "/api/v1/incidents?limit=1"
PAUSE_SECONDS = 0.2
TIMEOUT_SECONDS = 2


def main() -> None:
    """Ask again and again until the process is ended; what comes back is Prometheus' business."""
    url, token = sys.argv[1] + PAGE, Path(sys.argv[2])
    while True:
        with contextlib.suppress(requests.RequestException, FileNotFoundError):
            headers = {"Authorization": f"Bearer {token.read_text(encoding='utf-8')}"}
            requests.get(url, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main()
