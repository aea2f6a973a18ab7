"""gunicorn's threaded worker, made safe against slow senders and quick to stop."""

import logging
from types import FrameType
from typing import Any

from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.workers.gthread import ThreadWorker


class Logger(GunicornLogger):  # type: ignore[misc]
    """gunicorn's messages go where the program's go."""

    def setup(self, cfg: Any) -> None:
        """Leave the root logger's handler alone and use it."""
        self.cfg = cfg
        self.error_log = logging.getLogger("gunicorn.error")
        self.error_log.propagate = True
        self.access_log = logging.getLogger("gunicorn.access")

    def access(self, *_arguments: object) -> None:
        """Access lines are the application's."""

    def reopen_files(self) -> None:
        """There are no files."""


class WholeRequestWorker(ThreadWorker):  # type: ignore[misc]
    """Gives a thread only requests that have arrived whole."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """On SIGTERM, also send away the consumers that wait for events."""
        if self.alive:
            self.method_queue.defer(self.wsgi.interrupt)
        super().handle_exit(sig, frame)

    def run(self) -> None:
        """Serve until told to stop, then let the application finish."""
        super().run()
        self.wsgi.close()
