"""The server: gunicorn with one process of eight threads."""

from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from webhook import Webhook, create_app, logs
from webhook.config import Settings

THREADS = 8
GRACEFUL_SECONDS = 25
KEEPALIVE_SECONDS = 65
# Each may hold one request of at most 2 MiB in memory.
CONNECTIONS = 100


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn, set up by the program rather than by a file."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Set what the webhook needs of gunicorn's settings."""
        settings: dict[str, Any] = {
            "bind": [self._settings.webhook_bind],
            "workers": 1,
            "threads": THREADS,
            "worker_class": "webhook.worker.WholeRequestWorker",
            "graceful_timeout": GRACEFUL_SECONDS,
            "keepalive": KEEPALIVE_SECONDS,
            "worker_connections": CONNECTIONS,
            "proc_name": "oims-webhook",
            "control_socket_disable": True,
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108 - memory, not a file of ours
            "logger_class": "webhook.worker.Logger",
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Webhook:
        """Build the application in the worker, after the fork: threads don't survive one."""
        logs.configure(self._settings.log_level)
        return create_app(self._settings)
