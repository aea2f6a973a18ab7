"""Backups to a bucket of a real object store, which checks every signature, and back."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.object_store import BUCKET, KEYS, needed, running
from tests.servers import NOBODY

pytestmark = [needed, pytest.mark.slow]


@pytest.fixture(scope="module")
def store():
    with running() as made:
        yield made


@pytest.fixture(autouse=True)
def keys(tmp_path):
    """A folder with the two keys, as the pod mounts them."""
    folder = tmp_path / "keys"
    folder.mkdir()
    for name, key in KEYS.items():
        (folder / name).write_text(f"{key}\n")
    return folder


@pytest.fixture
def go(tmp_path, store):
    """Run a step as the pod does; return its exit status and what it said."""

    def run(step, prefix, *more, url=None, ending="db", **environment):
        folder = tmp_path / "files"
        folder.mkdir(exist_ok=True)
        options = ("--endpoint", url or store.url, "--bucket", BUCKET, "--prefix", prefix)
        options += ("--credentials", str(tmp_path / "keys"), "--folder", str(folder), "--ending", ending)
        done = subprocess.run(
            [sys.executable, "-m", "app.ops.object_store", step, *options, "--keep", "2", *more],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env=os.environ | environment,
        )
        return done.returncode, done.stderr

    run.folder = tmp_path / "files"
    run.folder.mkdir()
    return run


def backup(folder, day, content=b"x", ending="db"):
    file = folder / f"oims-2026010{day}T000000Z.{ending}"
    file.write_bytes(content)
    return file.name


def test_the_newest_goes_out_whole_and_the_oldest_in_the_bucket_goes(store, go):
    content = os.urandom(3 << 20)
    for day in (1, 2, 3):
        name = backup(go.folder, day, content)
        status, said = go("send", "kept/")
        assert (status, f"sent {name}, {len(content)} bytes" in said) == (0, True), said
    assert "removed oims-20260101T000000Z.db" in said
    found = sorted(path.name for path in (store.bucket / "kept").iterdir())
    assert found == ["oims-20260102T000000Z.db", "oims-20260103T000000Z.db"]

    shutil.rmtree(go.folder)
    status, said = go("fetch", "kept/")
    assert status == 0, said
    (fetched,) = go.folder.iterdir()
    assert (fetched.name, fetched.read_bytes() == content) == (name, True)
    assert fetched.stat().st_mode & 0o077 == 0, "it holds password hashes"
    assert go("fetch", "kept/", OIMS_BACKUP_FILE=found[0])[0] == 0
    assert sorted(path.name for path in go.folder.iterdir()) == found


def test_nothing_but_backups_of_this_release_and_database_is_removed(store, go):
    for prefix, ending in (("a/", "db"), ("b/", "db"), ("a/", "sql.gz")):
        shutil.rmtree(go.folder)
        go.folder.mkdir()
        backup(go.folder, 1, ending=ending)
        assert go("send", prefix, ending=ending)[0] == 0
    (store.bucket / "a/oims-notes.txt").write_text("of a person")
    for day in (2, 3, 4):
        backup(go.folder, day, ending="db")
        assert go("send", "a/")[0] == 0
    names = sorted(str(path.relative_to(store.bucket)) for path in store.bucket.rglob("oims-*"))
    assert [name for name in names if not name.startswith("kept")] == [
        "a/oims-20260101T000000Z.sql.gz",
        "a/oims-20260103T000000Z.db",
        "a/oims-20260104T000000Z.db",
        "a/oims-notes.txt",
        "b/oims-20260101T000000Z.db",
    ]


def test_a_name_that_is_not_there_is_refused_with_those_that_are(go):
    name = backup(go.folder, 1)
    assert go("send", "named/")[0] == 0
    for wrong in ("oims-2025.db", "../named/oims-20260101T000000Z.db"):
        status, said = go("fetch", "named/", OIMS_BACKUP_FILE=wrong)
        assert (status, f"there is no backup {wrong} in the bucket; it holds: {name}" in said) == (1, True)
    status, said = go("fetch", "empty/")
    assert (status, "there is no backup oims-*.db in the bucket" in said) == (1, True)


def test_more_backups_than_one_page_of_a_list_are_all_seen(store, go):
    (store.bucket / "many").mkdir()
    for number in range(1005):
        (store.bucket / "many" / f"oims-2025{number:04}.db").write_bytes(b"x")
    if os.getuid() == 0:
        os.chown(store.bucket / "many", NOBODY, NOBODY)
    backup(go.folder, 1)
    status, said = go("send", "many/")
    assert (status, said.count("removed ")) == (0, 1004), said[-500:]
    assert len(list((store.bucket / "many").iterdir())) == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("the secret", "403 SignatureDoesNotMatch"),
        ("the bucket", "404 NoSuchBucket"),
        ("the store", "Connection refused"),
        ("the key's file", "cannot read"),
    ],
)
def test_what_is_wrong_is_said_and_no_key_with_it(go, keys, change, reason):
    backup(go.folder, 1)
    more, url = (), None
    if change == "the secret":
        (keys / "secret-access-key").write_text("another-secret")
    elif change == "the bucket":
        more = ("--bucket", "nowhere")
    elif change == "the store":
        url = "http://127.0.0.1:1"
    else:
        (keys / "access-key-id").unlink()
    status, said = go("send", "p/", *more, url=url)
    assert (status, reason in said) == (1, True), said
    assert "Traceback" not in said
    assert "secret-of-the-tests" not in said
    assert "another-secret" not in said


def test_a_private_authority_is_trusted_when_it_is_named(go):
    with running(tls=True) as store:
        backup(go.folder, 1)
        status, said = go("send", "p/", url=store.url)
        assert (status, "CERTIFICATE_VERIFY_FAILED" in said) == (1, True)
        assert go("send", "p/", "--ca-file", str(store.authority), url=store.url)[0] == 0
