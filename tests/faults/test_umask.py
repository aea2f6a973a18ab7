"""What a part writes is for its own user alone, whatever umask it was started with."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import until

ROOT = Path(__file__).parents[2]
SECRET = "0123456789abcdef0123456789abcdef"


def run(*arguments, folder, **settings):
    """Start a part with the most open umask; return what it printed."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OIMS_")}
    return subprocess.run(
        ["sh", "-c", 'umask 000; exec "$@"', "sh", sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=environ | settings,
        capture_output=True,
        timeout=300,
        check=True,
    ).stdout


def open_to_others(folder):
    return [str(path) for path in sorted(folder.rglob("*")) if path.stat().st_mode & 0o077]


@pytest.mark.threat("T26")
def test_the_apps_database_and_its_folder_are_closed(tmp_path):
    given = {"OIMS_DATABASE_URL": f"sqlite:///{tmp_path}/data/app.db", "OIMS_SECRET_KEY": SECRET}
    run("app", "migrate", folder=tmp_path, **given)
    assert (tmp_path / "data/app.db").exists()
    assert open_to_others(tmp_path) == []


def test_a_wal_and_a_pulse_made_by_the_running_worker_are_closed(tmp_path):
    given = {"OIMS_DATABASE_URL": f"sqlite:///{tmp_path}/app.db", "OIMS_SECRET_KEY": SECRET}
    run("app", "migrate", folder=tmp_path, **given)
    environ = os.environ | given | {"OIMS_WORKER_PULSE": str(tmp_path / "pulse")}
    command = ["sh", "-c", 'umask 000; exec "$@"', "sh", sys.executable, "-m", "app", "worker"]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE) as worker:
        try:
            until(lambda: {"app.db-wal", "app.db-shm", "pulse"} <= {p.name for p in tmp_path.iterdir()}, 60)
            assert open_to_others(tmp_path) == []
        finally:
            worker.terminate()


@pytest.mark.threat("T26")
def test_the_webhooks_journal_is_closed(tmp_path):
    given = {
        "OIMS_WEBHOOK_TOKEN": SECRET,
        "OIMS_WEBHOOK_READER_TOKEN": SECRET[::-1],
        "OIMS_EVENT_KEY": SECRET,
        "OIMS_WEBHOOK_JOURNAL": f"{tmp_path}/data/journal.db",
        "OIMS_WEBHOOK_BIND": "127.0.0.1:0",
    }
    environ = os.environ | given
    command = ["sh", "-c", 'umask 000; exec "$@"', "sh", sys.executable, "-m", "webhook"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as webhook:
        try:
            until((tmp_path / "data/journal.db-wal").exists, 60)
            assert open_to_others(tmp_path) == []
        finally:
            webhook.terminate()


@pytest.mark.parametrize("part", ["app", "automation", "webhook", "cli", "demo"])
def test_every_entry_closes_what_it_makes_first(part):
    assert "os.umask(0o077)" in (ROOT / part / "__main__.py").read_text()
