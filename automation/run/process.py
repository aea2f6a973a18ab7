"""A playbook's processes: a group of their own, and a mark by which all of them are found.

Ansible puts each of its workers into a session of its own, so ending the group alone would leave a worker
and its module behind. Every process of a run carries its id in the environment; what has it is ended.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from automation.run import warm_parent
from contract.text import decoded, one_line

MARK = warm_parent.MARK
TERM_GRACE = 10.0
SETTLE = 0.3
MAX_COMMAND = 200
EXEC_PAUSES = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
"""Seconds before each look at the processes that showed no environment."""
KILL = int(signal.SIGKILL)
_PROC = Path("/proc")
_KERNEL_THREAD = 0x00200000
"""PF_KTHREAD in the flags of proc_pid_stat(5); such a process never has an environment."""
_SSH_MASTER = re.compile(r"ssh: .*\[mux\]$")


def start(command: Sequence[str], *, cwd: Path, env: dict[str, str], output: Path) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, its output in a file, nothing else of ours open in it."""
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(  # noqa: S603 - a list, no shell; the playbook's name was checked by the policy
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


def end(run_id: str, process: subprocess.Popen[bytes] | None = None, grace: float = TERM_GRACE) -> None:
    """End all processes of a run: TERM, then KILL after `grace` seconds. Returns when none is left."""
    deadline = time.monotonic() + grace
    number = signal.SIGTERM
    told: set[int] = set()
    while pids := _alive(run_id, process):
        if time.monotonic() >= deadline:
            number = signal.SIGKILL
        for pid in pids - told if number == signal.SIGTERM else pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        told |= pids
        time.sleep(0.05)


def _alive(run_id: str, process: subprocess.Popen[bytes] | None) -> set[int]:
    pids = set(find(run_id))
    if process is not None and process.poll() is None:
        pids.add(process.pid)
    return pids


def left_by(run_id: str) -> list[str]:
    """Return the commands of what a playbook left, once those that were ending anyway have had a moment.

    A connection that ssh keeps for the next playbook is Ansible's own and not told of.
    """
    if not find(run_id):
        return []
    time.sleep(SETTLE)
    commands = [_command(pid) for pid in find(run_id)]
    return sorted(command for command in commands if command and not _SSH_MASTER.match(command))


def _command(pid: int) -> str:
    try:
        content = (_PROC / str(pid) / "cmdline").read_bytes()[:MAX_COMMAND]
    except OSError:
        return ""
    return one_line(decoded(content.replace(b"\0", b" ")))


def find(run_id: str) -> list[int]:
    """Return the processes that carry a run's mark (Linux only; elsewhere none is found)."""
    mark = f"{MARK}={run_id}".encode()
    found: list[int] = []
    folders = list(_PROC.glob("[0-9]*"))
    for pause in EXEC_PAUSES:
        time.sleep(pause)
        folders = [folder for folder in folders if not _is_known(folder, mark, found)]
        if not folders:
            break
    return found


def is_marked(pid: int, run_id: str) -> bool:
    """Say whether a process of this user carries a run's mark."""
    found: list[int] = []
    _is_known(_PROC / str(pid), f"{MARK}={run_id}".encode(), found)
    return bool(found)


def _is_known(folder: Path, mark: bytes, found: list[int]) -> bool:
    """Note a process that carries the mark; False for one without an environment, which may yet get one.

    A process that is just becoming another program (execve) shows none for a moment.
    """
    try:
        environment = (folder / "environ").read_bytes()
        status = (folder / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:  # it has ended, or is another user's
        return True
    if status[0] == b"Z" or int(status[6]) & _KERNEL_THREAD:
        return True
    if mark in environment.split(b"\0"):
        found.append(int(folder.name))
    return bool(environment)
