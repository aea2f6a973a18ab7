"""Pings of eight clients: while the database is idle, and while somebody else holds it by long writes.

One after the other in the same run; the writer holds SQLite's write lock for 0.1 s again and again, as the
worker may in a storm of alerts. Afterwards every ping that was acknowledged must have taken effect.
"""

import contextlib
import http.client
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from threading import Event, Thread

import flask_migrate
from flask import Flask
from sqlalchemy import func, select, text

from app import logs
from app.config import Settings
from app.database import HELD_S, transaction
from app.extensions import db
from app.factory import create_app
from app.heartbeats import service
from app.heartbeats.service import Plan
from app.heartbeats.watch import Watch
from app.records.actors import SYSTEM
from app.records.heartbeats import Heartbeat
from app.severities import Severity
from bench.intake import free_port, server

CLIENTS = 8
HEARTBEATS = 200
SAMPLES = int(os.environ.get("SAMPLES", "5"))
SECONDS = float(os.environ.get("SECONDS_PER_SAMPLE", "4"))
MOST_MS = 100.0
MOST_TIMES = 1.5
"""A ping may take so many times as long while the database is held; on any machine, busy or not."""
KEY = "k" * 32


def pinging(port: int, paths: list[str], ends: float) -> tuple[list[float], int]:
    """Ping by one connection until the time is over; return the seconds each took, and how many were kept."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    times, kept = [], 0
    for path in cycle(paths):
        if time.monotonic() >= ends:
            break
        started = time.perf_counter()
        connection.request("POST", path, body=b"42 files, 7 MB")
        answer = connection.getresponse()
        answer.read()
        times.append(time.perf_counter() - started)
        kept += answer.status == http.HTTPStatus.OK
    connection.close()
    return times, kept


@contextlib.contextmanager
def writing(app: Flask) -> Iterator[None]:
    """Hold the database by long writes, with no pause between them."""
    stop = Event()

    def write() -> None:
        with app.app_context():
            while not stop.is_set():
                with transaction():
                    db.session.execute(text("UPDATE journal_cursor SET last_seq = last_seq + 1"))
                    time.sleep(HELD_S)

    thread = Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def sample(app: Flask, url: str, paths: list[str], folder: Path, *, is_busy: bool) -> tuple[list[float], int]:
    """Measure a fresh web server; return all times in order, and how many pings were acknowledged."""
    port = free_port()
    environment = {
        "OIMS_DATABASE_URL": url,
        "OIMS_SECRET_KEY": KEY,
        "OIMS_BIND": f"127.0.0.1:{port}",
        "OIMS_METRICS_BIND": "127.0.0.1:0",
        "OIMS_BASE_URL": "http://localhost",
    }
    with server([sys.executable, "-m", "app", "web"], port, environment, folder):
        pinging(port, paths[:1], time.monotonic() + 0.2)
        with writing(app) if is_busy else contextlib.nullcontext(), ThreadPoolExecutor(CLIENTS) as pool:
            ends = time.monotonic() + SECONDS
            own = [paths[number::CLIENTS] for number in range(CLIENTS)]
            found = list(pool.map(lambda mine: pinging(port, mine, ends), own))
    return sorted(one for times, _ in found for one in times), sum(kept for _, kept in found)


def main() -> int:
    """Exit status 1 when pings wait for the database, or one that was acknowledged has no effect."""
    logs.configure("ERROR")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        url = os.environ.get("OIMS_BENCH_DATABASE_URL", f"sqlite:///{folder}/site.db")
        app = create_app(Settings(database_url=url, secret_key=KEY))
        with app.app_context():
            flask_migrate.upgrade()
            plans = [
                Plan(name=f"Job {n}", severity=Severity.LOW, period="1d", grace="1h")
                for n in range(HEARTBEATS)
            ]
            secrets = [service.secret_of(service.create(plan, actor=SYSTEM)) for plan in plans]
        paths = [f"/ping/{secret}" for secret in secrets]
        rows: dict[bool, list[list[float]]] = {False: [], True: []}
        acknowledged = 0
        for _ in range(SAMPLES):
            for is_busy, taken in rows.items():
                times, kept = sample(app, url, paths, folder, is_busy=is_busy)
                taken.append([one * 1e3 for one in times])
                acknowledged += kept
        with app.app_context():
            watch = Watch()
            while watch.look():
                pass
            effects = db.session.scalar(select(func.sum(Heartbeat.pings))) or 0
            db.session.remove()
            db.engine.dispose()
    print(f"{CLIENTS} clients, {SAMPLES} samples of {SECONDS:g} s each, alternating\n")
    print("| database | pings/s | p50 ms | p99 ms | longest ms (median, range) | within 100 ms |")
    print("|---|---:|---:|---:|---:|---:|")
    for is_busy, taken in rows.items():
        print(_row("held by a writer" if is_busy else "idle", taken))
    ratios = [_p99(busy) / _p99(idle) for idle, busy in zip(*rows.values(), strict=True)]
    ratio = statistics.median(ratios)
    print(f"\np99 held / idle: {ratio:.2f} ({min(ratios):.2f}-{max(ratios):.2f}), at most {MOST_TIMES}")
    print(f"{acknowledged:,} acknowledged, {effects:,} took effect, with those that warmed up")
    return int(ratio > MOST_TIMES or effects < acknowledged)


def _p99(times: list[float]) -> float:
    return times[int(len(times) * 0.99)]


def _row(name: str, taken: list[list[float]]) -> str:
    rate = statistics.median(len(times) for times in taken) / SECONDS
    p50 = statistics.median(statistics.median(times) for times in taken)
    p99 = statistics.median(_p99(times) for times in taken)
    longest = [times[-1] for times in taken]
    every = [one for times in taken for one in times]
    share = sum(one <= MOST_MS for one in every) / len(every)
    return (
        f"| {name} | {rate:.0f} | {p50:.1f} | {p99:.1f} "
        f"| {statistics.median(longest):.0f} ({min(longest):.0f}-{max(longest):.0f}) | {share:.2%} |"
    )


if __name__ == "__main__":
    sys.exit(main())
