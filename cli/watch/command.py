"""The command: look, tell, remember; once, or again and again."""

import argparse
import fcntl
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cli.client import Client
from cli.errors import REFUSED, UNREACHABLE, USAGE, CommandError
from cli.terminal import clean
from cli.watch import memory as memories
from cli.watch import notices
from cli.watch.deadline import within
from cli.watch.memory import Memory, Phase
from cli.watch.settings import Settings, load
from cli.write import print_line

LOOK_S = 10
PARTS = ("worker", "mail", "webhook", "watchdog", "automation")


def add_options(parser: argparse.ArgumentParser, length: Any) -> None:
    """Add what can be typed; `length` reads a length of time."""
    parser.add_argument("url", nargs="?", default="", help="the app's address; default: OIMS_URL")
    parser.add_argument(
        "--every", metavar="length", type=length, default=timedelta(minutes=1), help="default: 1min"
    )
    parser.add_argument(
        "--after",
        metavar="length",
        type=length,
        default=timedelta(minutes=5),
        help="how long an outage lasts before people are notified; default: 5min",
    )
    parser.add_argument("--once", action="store_true", help="look once and end, for cron or a systemd timer")
    parser.add_argument(
        "--state", type=Path, metavar="file", help="what is remembered; default: watch.json in a state folder"
    )


def run(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Watch; with `--once` return the exit status of the one look.

    Raises:
        CommandError: a setting is wrong, or another watcher has the same file.

    """
    settings = load(options.url, environment)
    path = options.state or _place(environment)
    with _alone(path):
        known = _remembered(path, settings)
        while True:
            known, status = _look(known, settings, path, options.after)
            if options.once:
                return status
            sys.stdout.flush()
            time.sleep(options.every.total_seconds())


def _look(known: Memory, settings: Settings, path: Path, after: timedelta) -> tuple[Memory, int]:
    at, reason = datetime.now(UTC), _what_is_wrong(settings)
    found = known.missed(at, reason) if reason else known.heard(at)
    if found.phase is not known.phase or reason != known.reason:
        print_line(clean(f"{settings.app.url}: {reason or 'heard'}"))
    status = REFUSED if reason else 0
    _keep(path, settings, known, found)
    for way in found.due(at, after, settings.ways):
        try:
            notices.send(way, notices.Notice.of(found, settings.app.url), settings, at)
        except notices.NotToldError as error:
            sys.stderr.write(f"oims: nobody was told by {way}: {clean(error)}. It is tried again.\n")
            status = UNREACHABLE
            continue
        print_line(
            f"told by {way}: {'it is over' if found.phase is Phase.OVER else 'OIMS cannot notify people'}"
        )
        before, found = found, found.after_telling(way)
        _keep(path, settings, before, found)
    return found, status


def _what_is_wrong(settings: Settings) -> str:
    """Return why OIMS cannot tell people; nothing when it can."""
    try:
        with within(LOOK_S):
            health = Client(settings.app, tries=1, timeout_s=LOOK_S).get("/health")
    except CommandError as error:
        return error.sentence
    except TimeoutError:
        return f"{settings.app.url} does not answer within {LOOK_S} s."
    if not isinstance(health, dict) or not isinstance(health.get("can_tell"), bool):
        return "It answers, but not as OIMS does."
    if health["can_tell"]:
        return ""
    return "The app answers, but OIMS cannot notify people: " + ", ".join(
        f"{part} {health[part]}" for part in PARTS if health.get(part, "heard") not in ("heard", "off")
    )


def _remembered(path: Path, settings: Settings) -> Memory:
    try:
        return memories.load(path, settings.app.url).by(settings.ways)
    except ValueError as error:
        sys.stderr.write(f"oims: {error}.\n")
        return Memory()
    except OSError as error:
        raise CommandError(f"--state: cannot read {path}: {error.strerror}.", USAGE) from None


def _keep(path: Path, settings: Settings, before: Memory, now: Memory) -> None:
    if now == before:
        return
    try:
        memories.save(path, settings.app.url, now)
    except OSError as error:
        raise CommandError(f"--state: cannot write {path}: {error.strerror}.", USAGE) from None


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other watchers away from the file: they would tell everything twice.

    What is there and no file, such as a device, must not be replaced by one.
    """
    try:
        if not path.name or (path.exists() and not path.is_file()):
            raise CommandError(f"--state: {path} is not a file.", USAGE)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = path.with_name(f"{path.name}.lock").open("w")
    except OSError as error:
        raise CommandError(f"--state: cannot use {path}: {error.strerror}.", USAGE) from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(f"Another oims watch uses {path}.", REFUSED) from None
        yield


def _place(environment: Mapping[str, str]) -> Path:
    """Return the file in systemd's state folder, else in the person's own."""
    folder = environment.get("STATE_DIRECTORY", "").partition(os.pathsep)[0]
    if not folder:
        base = environment.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
        folder = str(Path(base) / "oims")
    return Path(folder) / "watch.json"
