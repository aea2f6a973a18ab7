"""Ansible callback: append one JSON line per task result to the file that OIMS_TASKS_FILE names."""

import json
import os
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: oims_tasks
    type: notification
    short_description: task results as JSON lines
    description:
      - Appends one JSON object per task result to the file named by the environment variable OIMS_TASKS_FILE.
"""

MESSAGE_LIMIT = 2000


class CallbackModule(CallbackBase):
    """Tells automation about each task when it ends."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "oims_tasks"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self._file = open(os.environ["OIMS_TASKS_FILE"], "a", encoding="utf-8")  # noqa: SIM115 - lives as long as we
        self._started = time.monotonic()

    def v2_playbook_on_task_start(self, task, is_conditional):  # noqa: ARG002, FBT001 - Ansible's signature
        """Note the time."""
        self._started = time.monotonic()

    def v2_runner_on_ok(self, result):
        """Report a task that went well."""
        self._write(result, "changed" if result.result.get("changed") else "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):  # noqa: FBT002 - Ansible's signature
        """Report a task that failed."""
        self._write(result, "ok" if ignore_errors else "failed")

    def v2_runner_on_skipped(self, result):
        """Report a task that was skipped."""
        self._write(result, "skipped")

    def v2_runner_on_unreachable(self, result):
        """Report a target that cannot be reached."""
        self._write(result, "unreachable")

    def _write(self, result, status):
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
