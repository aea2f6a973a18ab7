"""What the app does when the disk of its SQLite database is full."""

import contextlib
import shutil
import subprocess

import pytest

from tests.app.server import running
from tests.doctor.checkup import assert_sound
from tests.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def small_disk(tmp_path):
    """A folder that holds 24 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this needs the right to mount")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(path):
    """Take all the room that is left."""
    with path.open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
        while ballast.write(bytes(4096)):
            pass
    assert shutil.disk_usage(path.parent).free == 0


@pytest.mark.fault("F18")
def test_a_full_disk_gives_503_with_the_reason_damages_nothing_and_heals(small_disk, tmp_path):
    place = small_disk / "site.db"
    with running(tmp_path, OIMS_DATABASE_URL=f"sqlite:///{place}") as server:
        token = server.token("disk", "write")

        def create(number):
            body = {"title": f"Incident {number}", "description": "long " * 2_000}
            return server.ask("POST", "/api/v1/incidents", token=token, body=body)

        stored = [create(0)[1]["id"]]
        assert server.ask("GET", "/readyz")[0] == 200
        fill(small_disk / "ballast")
        for number in range(1, 1_000):  # what the write-ahead log has reserved is used up first
            status, answer = create(number)
            if status != 201:
                break
            stored.append(answer["id"])

        assert status == 503
        assert "try again" in answer["detail"]
        assert not {"OperationalError", "Traceback", "sqlite"} & set(str(answer).split())
        status, checks = server.ask("GET", "/readyz")
        assert status == 503
        assert "disk is full" in checks["checks"]["disk"]
        assert server.ask("GET", "/healthz")[0] == 200
        assert server.ask("GET", f"/api/v1/incidents/{stored[0]}", token=token)[0] in {200, 503}

        (small_disk / "ballast").unlink()
        status, answer = until(lambda: (made := create(-1))[0] == 201 and made, 30)
        stored.append(answer["id"])
        assert server.ask("GET", "/readyz")[0] == 200
        for number in stored:
            assert server.ask("GET", f"/api/v1/incidents/{number}", token=token)[0] == 200
    assert_sound(f"--app={place}")
