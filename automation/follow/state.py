"""The state directory: made for its owner only, used by one follower at a time."""

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from automation.errors import AlreadyRunningError, ConfigurationError
from automation.ledger.database import Ledger
from automation.policy.load import digest
from contract.moments import rfc3339

LOCK = "lock"
PAUSE = "pause"
POLICY = "policy"


def prepare(state_dir: Path) -> None:
    """Make the state directory with mode 0700. Raises ConfigurationError when others could read it."""
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = state_dir.stat()
    except OSError as error:
        raise ConfigurationError(f"OIMS_STATE_DIR: {state_dir}: {error.strerror}") from None
    if info.st_uid != os.geteuid():
        raise ConfigurationError(f"OIMS_STATE_DIR: {state_dir} belongs to another user")
    if stat.S_IMODE(info.st_mode) & 0o077:
        raise ConfigurationError(f"OIMS_STATE_DIR: {state_dir} is open to others: chmod 700 {state_dir}")


@contextmanager
def exclusive(state_dir: Path) -> Iterator[None]:
    """Hold the lock of a state directory; the kernel frees it however the process ends.

    The descriptor is not inherited by children, so a playbook cannot keep the lock alive.
    Raises AlreadyRunningError.
    """
    descriptor = os.open(state_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
            raise AlreadyRunningError(
                f"another follower (process {holder}) already works with {state_dir}: stop it first"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def is_running(state_dir: Path) -> bool:
    """Say whether a follower holds the lock of a state directory."""
    try:
        with exclusive_probe(state_dir / LOCK):
            return False
    except (BlockingIOError, FileNotFoundError) as error:
        return isinstance(error, BlockingIOError)


@contextmanager
def exclusive_probe(path: Path) -> Iterator[None]:
    """Take a lock for a moment, shared so that two probes do not disturb each other."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def pause(state_dir: Path, by: str, reason: str) -> None:
    """Stop new runs until `resume`; the file appears whole or not at all."""
    prepare(state_dir)
    temporary = state_dir / f"{PAUSE}.{os.getpid()}"
    document = {"by": by, "reason": reason, "at": rfc3339(datetime.now(UTC))}
    temporary.write_text(json.dumps(document), encoding="utf-8")
    temporary.replace(state_dir / PAUSE)


def resume(state_dir: Path) -> bool:
    """Allow new runs again; say whether they were stopped."""
    try:
        (state_dir / PAUSE).unlink()
    except FileNotFoundError:
        return False
    return True


def paused_by(state_dir: Path) -> str | None:
    """Say in words who paused automation on this host. A file that cannot be read also pauses."""
    try:
        document = json.loads((state_dir / PAUSE).read_text(encoding="utf-8"))
        words = f"by {document['by']} at {document['at']}"
        return f"{words}, {document['reason']}" if document["reason"] else words
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return f"the file {PAUSE} exists in the state directory"


def note_policy(ledger: Ledger, path: Path) -> None:
    """Keep which policy is in force, so that `status` can tell when the file is another one."""
    ledger.set_meta(POLICY, f"{digest(path)} {path}")
