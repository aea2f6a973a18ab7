"""The web server: gunicorn, one process with a fixed number of threads, started from here."""

import logging
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.http import wsgi as gunicorn_wsgi
from gunicorn.workers.gthread import ThreadWorker

from app import create_app
from app.config import Settings
from app.ops.metrics import SLOTS, SPARE_THREADS
from app.remediation import instructions

GRACE_S = 25
SERVER = "OIMS"
"""What answers say of the server, instead of gunicorn's name; gunicorn has no setting for it."""
KEEP_ALIVE_S = 65
"""Longer than the usual load balancer keeps an idle connection, so that it never meets a closed one."""


class Logger(GunicornLogger):  # type: ignore[misc]
    """gunicorn's messages go through the app's own logging."""

    def setup(self, cfg: Any) -> None:
        """Keep gunicorn from adding handlers of its own."""
        self.cfg = cfg
        self.error_log = logging.getLogger("gunicorn.error")
        self.access_log = logging.getLogger("gunicorn.access")

    def access(self, *_arguments: object) -> None:
        """Write nothing: the app logs its requests."""

    def reopen_files(self) -> None:
        """Do nothing: there are no files."""


class Worker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's threaded worker, which answers on a stop those who wait for news."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop as gunicorn does, once nobody has a reason to wait."""
        instructions.STOPPING.set()
        super().handle_exit(sig, frame)


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with our settings instead of a command line."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Set what differs from gunicorn's own choices."""
        options: dict[str, Any] = {
            "bind": self._settings.bind,
            "workers": 1,
            "worker_class": "app.wsgi.Worker",
            "threads": SLOTS + SPARE_THREADS,
            "graceful_timeout": GRACE_S,
            "keepalive": KEEP_ALIVE_S,
            "proc_name": "oims-app",
            "logger_class": "app.wsgi.Logger",
            "control_socket_disable": True,
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108 - memory, no file of ours
        }
        for name, value in options.items():
            self.cfg.set(name, value)
        gunicorn_wsgi.SERVER = SERVER

    def load(self) -> Flask:
        """Build the app in the worker, after the fork: a database connection must not be shared over one."""
        return create_app(self._settings)
