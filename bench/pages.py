"""The pages of the app over growing data: list, resolved, deep paging, numbers.

Medians in milliseconds, by the clock and of this process on the processor. On SQLite, whose work is done in
the process, the latter is judged: it says the same on a busy machine.

Pages are asked of the app itself in this process, without a web server: what grows with the data is the
database's work and the templates', and only that is compared.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import flask_migrate
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import demo_data, logs
from app.accounts import service
from app.config import Settings
from app.extensions import db
from app.factory import create_app
from app.records.accounts import Role, UserStatus
from app.records.incidents import Incident, Verdict
from tests.app.browsers import signed_in

SIZES = [int(size) for size in os.environ.get("SIZES", "1000,10000,100000").split(",")]
SAMPLES = int(os.environ.get("SAMPLES", "15"))
JUDGED = 0 if "OIMS_BENCH_DATABASE_URL" in os.environ else 1
"""Which of the two medians: the clock for a database elsewhere."""
MOST_TIMES = 2.0
"""The list at the largest size may take so many times what it takes at the smallest."""


def pages(size: int, number: int) -> dict[str, str]:
    """Return what is measured: a name and an address; `number` is an incident of the usual kind."""
    return {
        "open incidents": "/",
        "resolved, first page": "/?state=resolved",
        "resolved, middle": f"/?state=resolved&after={size // 2}",
        "resolved, end": "/?state=resolved&after=60",
        "all, first page": "/?state=all",
        "one incident": f"/incidents/{number}",
        "automation": "/automation",
        "numbers, 90 days": "/numbers?period=90d",
    }


def browser(app: Flask) -> FlaskClient:
    """Make an account and return its browser."""
    with app.app_context():
        user = service.register(
            email="bench@example.org",
            name="Bench",
            password="a password of the benchmark",  # noqa: S106 - of a database that is thrown away
            status=UserStatus.ACTIVE,
            role=Role.RESPONDER,
        )
        return signed_in(app, user)


def median_ms(client: FlaskClient, address: str) -> tuple[float, float]:
    """Ask for a page several times, after once for the caches; return the medians: clock and processor."""
    taken = []
    for _ in range(SAMPLES + 1):
        clock, processor = time.perf_counter(), time.process_time()
        status = client.get(address).status_code
        taken.append((time.perf_counter() - clock, time.process_time() - processor))
        if status != 200:
            raise SystemExit(f"{address} answered {status}")
    by_clock, of_processor = zip(*taken[1:], strict=True)
    return statistics.median(by_clock) * 1000, statistics.median(of_processor) * 1000


def measure(size: int, folder: Path) -> dict[str, tuple[float, float]]:
    """Fill a database with so many incidents and time its pages."""
    app = create_app(
        Settings(
            database_url=os.environ.get("OIMS_BENCH_DATABASE_URL", f"sqlite:///{folder}/{size}.db"),
            secret_key="s" * 32,
        )
    )
    with app.app_context():
        flask_migrate.upgrade()
        demo_data.make(size)
        repaired = select(Incident.id).where(Incident.verdict == Verdict.VERIFIED, Incident.id >= size // 2)
        number = db.session.scalars(repaired.order_by(Incident.id).limit(1)).one()
    client = browser(app)
    medians = {name: median_ms(client, address) for name, address in pages(size, number).items()}
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    return medians


def main() -> int:
    """Print a table; return 1 when the list grows with the data."""
    logs.configure("ERROR")
    with tempfile.TemporaryDirectory() as folder:
        found = {size: measure(size, Path(folder)) for size in SIZES}
    heads = "".join(f"{size:>12,}{'processor':>11}" for size in SIZES)
    print(f"{'p50 in ms, incidents:':24}{heads}")
    for name in found[SIZES[0]]:
        print(f"{name:24}" + "".join("{:12.1f}{:11.1f}".format(*found[size][name]) for size in SIZES))
    first, last = (found[size]["open incidents"][JUDGED] for size in (SIZES[0], SIZES[-1]))
    print(f"the list at {SIZES[-1]:,}: {last / first:.2f} times that at {SIZES[0]:,} (at most {MOST_TIMES})")
    return int(last > first * MOST_TIMES)


if __name__ == "__main__":
    sys.exit(main())
