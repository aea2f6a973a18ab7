"""`make soak`: hours of an installation in minutes. See docs/reliability.md."""

import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.automation.conftest import ROOT
from tests.automation.doubles import KEY
from tests.automation.installation import Installation, policy
from tests.doctor.checkup import doctor
from tests.soak.load import Load, differences
from tests.soak.measure import Gauge
from tests.soak.storm import Storm

RESULTS = ROOT / ".cache" / "soak"
PER_POST = 100
LAG = 2_000
"""How far the consumers may be behind before no more is sent."""
CALM = 0.35
"""The last part of the time, in which nothing is killed: what is killed starts small again."""
REPAIR_EVERY = 15.0
SETTLE_SECONDS = 900


def main() -> int:
    minutes = float(os.environ.get("SOAK_MINUTES", "30"))
    seed = int(os.environ.get("SOAK_SEED", "1"))
    most = int(os.environ.get("SOAK_EVENTS", "1000000"))
    with tempfile.TemporaryDirectory(prefix="oims-soak-") as folder:
        result = soak(Path(folder), minutes=minutes, seed=seed, most=most)
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"seed-{seed}.json"
    path.write_text(json.dumps(result, indent=2) + "\n")
    print_table(result)
    sys.stdout.write(f"\nwritten to {path.relative_to(ROOT)}\n")
    return 0 if result["ok"] else 1


def soak(folder: Path, *, minutes: float, seed: int, most: int) -> dict:
    """Run everything once; what was found."""
    remedies = policy({"alert": "Repairable"}, runs_per_hour=10_000)
    installation = Installation(folder, remedies, OIMS_REOPEN_WINDOW="1h")
    installation.begin()
    load = Load(
        installation,
        seed=seed,
        per_post=PER_POST,
        most=most,
        may_go_on=lambda: behind(installation) < LAG,
    )
    repairs = Repairs(installation)
    began = time.monotonic()
    try:
        storm = Storm(installation, seed=seed, every_seconds=8)
        for one in (load, repairs, storm):
            one.start()
        wait_until(began + minutes * 60 * (1 - CALM), load)
        storm.stop()
        for part in ("webhook", "app", "automation"):
            installation.wait_until_up(part)
        gauge = Gauge(installation, every_seconds=max(minutes * 60 * CALM / 60, 1))
        gauge.start()
        wait_until(began + minutes * 60, load)
        load.stop()
        repairs.stop()
        gauge.stop()
        lasted = time.monotonic() - began
        installation.eventually(lambda: not unfinished(installation), SETTLE_SECONDS)
    finally:
        installation.close()
    lost, twice = differences(installation, load.acknowledged)
    status, words = examine(folder)
    flat = {part: series.is_flat for part, series in gauge.series.items()}
    return {
        "ok": status == 0 and not lost and not twice and all(flat.values()),
        "seed": seed,
        "minutes": round(lasted / 60, 1),
        "events": load.events,
        "deliveries": load.deliveries,
        "deliveries_refused_and_repeated": load.refused,
        "repeats_counted": load.repeats,
        "lost": lost[:10],
        "twice": twice[:10],
        "kills": storm.kills,
        "runs": dict(installation.ledger_rows("SELECT state, count(*) FROM runs GROUP BY state")),
        "doctor": words.splitlines(),
        "parts": {
            part: {
                "samples": len(series.at),
                "mib_last": round(series.mib[-1], 1) if series.mib else None,
                "mib_growth": round(series.growth(series.mib), 2),
                "descriptors_last": series.descriptors[-1] if series.descriptors else None,
                "descriptors_growth": round(series.growth(series.descriptors), 2),
                "flat": series.is_flat,
            }
            for part, series in gauge.series.items()
        },
    }


class Repairs:
    """A small part of the alerts: those that a playbook repairs."""

    def __init__(self, installation: Installation):
        self._installation, self._stop = installation, threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        number = 0
        while not self._stop.is_set():
            for status in ("firing", "resolved"):
                while not self._installation.try_to_deliver("Repairable", status, started=number):
                    time.sleep(0.2)
                self._stop.wait(REPAIR_EVERY / 2)
            number += 1


def behind(installation: Installation) -> int:
    """How many events the slower consumer has not taken in, and how many reports wait."""
    ((last,),) = installation.journal_rows("SELECT last_seq FROM journal_state")
    ((app,),) = installation.rows("SELECT offset FROM journal_cursor")
    ledger = installation.ledger_rows("SELECT value FROM meta WHERE key = 'offset'")
    ((reports,),) = installation.ledger_rows("SELECT count(*) FROM reports")
    return max(last - app, last - int(ledger[0][0] if ledger else 0), reports)


def unfinished(installation: Installation) -> int:
    """How much is under way."""
    ((runs,),) = installation.ledger_rows(
        "SELECT count(*) FROM runs WHERE state IN ('queued', 'running') OR verification = 'pending'"
    )
    ((undecided,),) = installation.ledger_rows(
        "SELECT count(*) FROM episodes WHERE id NOT IN (SELECT episode FROM decisions WHERE current = 1)"
    )
    return behind(installation) + runs + undecided


def examine(folder: Path) -> tuple[int, str]:
    """Let doctor look at what is left."""
    key = folder / "event-key"
    key.write_text(KEY, encoding="utf-8")
    return doctor(
        f"--journal={folder / 'journal.db'}",
        f"--app={folder / 'site.db'}",
        f"--ledger={folder / 'state'}",
        f"--log={folder / 'webhook.log'}",
        f"--event-key-file={key}",
        "--at-rest",
    )


def wait_until(moment: float, load: Load) -> None:
    while time.monotonic() < moment and not load.is_done:
        time.sleep(0.5)


def print_table(result: dict) -> None:
    lines = [
        f"{result['events']:,} events in {result['minutes']} min, seed {result['seed']}",
        f"{len(result['lost'])} lost, {len(result['twice'])} twice",
        f"{sum(result['kills'].values())} kills: {result['kills']}; runs: {result['runs']}",
        "",
        f"{'part':12}{'MiB':>8}{'growth':>8}{'files':>8}{'growth':>8}  flat",
        *(
            f"{part:12}{row['mib_last'] or 0:8}{row['mib_growth']:8}{row['descriptors_last'] or 0:8}"
            f"{row['descriptors_growth']:8}  {row['flat']}"
            for part, row in result["parts"].items()
        ),
        "",
        *result["doctor"],
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
