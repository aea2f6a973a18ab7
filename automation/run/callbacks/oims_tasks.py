"""Ansible callback: append JSON lines about tasks to the file that OIMS_TASKS_FILE names."""

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
      - Appends JSON objects to the file named by the environment variable OIMS_TASKS_FILE, one in a line.
      - One for each task that begins on a host, and one for its result there.
      - One for each play without hosts, and at the end one for each host with rescued failures.
"""

MESSAGE_LIMIT = 2000
NAME_LIMIT = 2000
LOOKS = frozenset(
    {
        *("gather_facts", "setup", "include_tasks", "include_role"),
        *("ansible.builtin.gather_facts", "ansible.builtin.setup", "ansible.legacy.setup"),
        *("ansible.builtin.include_tasks", "ansible.builtin.include_role"),
    }
)
"""Actions that do nothing by themselves."""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # Ansible is untyped
    """Tells automation about each task when it begins and when it ends."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "oims_tasks"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._file = Path(os.environ["OIMS_TASKS_FILE"]).open("a", encoding="utf-8")  # noqa: SIM115 - kept open
        self._hosts = ""
        self._begun: dict[tuple[str, str], float] = {}

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Note the play's hosts."""
        self._hosts = play.hosts if isinstance(play.hosts, str) else ",".join(map(str, play.hosts))

    def v2_playbook_on_no_hosts_matched(self) -> None:
        """Report a play for which there is no host."""
        self._write(unmatched=self._hosts[:NAME_LIMIT])

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        """Report that a task begins on a host."""
        key = host.get_name(), _name(task)
        self._begun[key] = time.monotonic()
        self._write(begun=key[1], host=key[0])

    def v2_runner_on_ok(self, result: Any) -> None:
        """Report a task that went well."""
        self._end(result, "changed" if result.result.get("changed") else "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:  # noqa: FBT001, FBT002
        """Report a task that failed; at the end of the playbook it may turn out to be rescued."""
        self._end(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_skipped(self, result: Any) -> None:
        """Report a task that was skipped."""
        self._end(result, "skipped")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Report a host that cannot be reached."""
        self._end(result, "ignored" if result.task.ignore_unreachable else "unreachable")

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Report how many failures of each host were rescued."""
        for host, count in stats.rescued.items():
            self._write(rescued=count, host=host)

    def _end(self, result: Any, status: str) -> None:
        host, name = result.host.get_name(), _name(result.task)
        now = time.monotonic()
        message = result.result.get("msg", "")
        text = message if isinstance(message, str) else json.dumps(message, default=str)
        self._write(
            name=name,
            host=host,
            status=status,
            duration_s=round(now - self._begun.pop((host, name), now), 3),
            message=text[:MESSAGE_LIMIT],
            is_look=result.task.action in LOOKS,
        )

    def _write(self, **line: Any) -> None:
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()


def _name(task: Any) -> str:
    return str(task.get_name())[:NAME_LIMIT]
