"""Ansible callback: append one JSON line per task result to the file that OIMS_TASKS_FILE names."""

# ruff: noqa: INP001 - Ansible loads this file by its folder
import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase  # type: ignore[import-untyped]

DOCUMENTATION = """
    name: oims_tasks
    type: notification
    short_description: task results as JSON lines
    description:
      - Appends one JSON object per task result to the file named by the environment variable OIMS_TASKS_FILE.
"""

MESSAGE_LIMIT = 2000


class CallbackModule(CallbackBase):  # type: ignore[misc]  # Ansible is untyped
    """Tells automation about each task when it ends."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "oims_tasks"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._file = Path(os.environ["OIMS_TASKS_FILE"]).open("a", encoding="utf-8")  # noqa: SIM115 - kept open
        self._started = time.monotonic()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:  # noqa: ARG002, FBT001 - Ansible's signature
        """Note the time."""
        self._started = time.monotonic()

    def v2_runner_on_ok(self, result: Any) -> None:
        """Report a task that went well."""
        self._write(result, "changed" if result.result.get("changed") else "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:  # noqa: FBT001, FBT002
        """Report a task that failed."""
        self._write(result, "ok" if ignore_errors else "failed")

    def v2_runner_on_skipped(self, result: Any) -> None:
        """Report a task that was skipped."""
        self._write(result, "skipped")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Report a target that cannot be reached."""
        self._write(result, "unreachable")

    def _write(self, result: Any, status: str) -> None:
        message = result.result.get("msg", "")
        line = {
            "name": result.task.get_name(),
            "status": status,
            "duration_s": round(time.monotonic() - self._started, 3),
            "message": (message if isinstance(message, str) else json.dumps(message, default=str))[
                :MESSAGE_LIMIT
            ],
        }
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
