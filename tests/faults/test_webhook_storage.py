"""What the webhook does when its disk, its database or its process fails."""

import contextlib
import http.client
import os
import resource
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from tests.faults.senders import Senders, names
from tests.waiting import until
from tests.webhook.process import alert, message

pytestmark = pytest.mark.slow


@pytest.mark.fault("F1")
def test_nothing_acknowledged_is_lost_when_the_process_is_killed_under_load(webhook):
    """Ten times: start, load, kill -9 of the whole process group, start again."""
    webhook.start()
    senders = Senders(webhook)
    try:
        for _ in range(10):
            reached = len(senders.acknowledged) + 20
            until(lambda reached=reached: len(senders.acknowledged) >= reached, 30)
            webhook.kill()
            webhook.start()
    finally:
        senders.stop()

    stored = names(webhook)
    assert set(senders.acknowledged) <= set(stored)
    assert len(stored) == len(set(stored))
    assert len(senders.acknowledged) >= 200


@pytest.mark.fault("F2")
def test_a_delivery_cut_off_by_a_kill_is_stored_once_when_it_is_sent_again(webhook):
    """Whether the kill came before or after the commit, the sender has no answer and tries again."""
    webhook.start()
    for n in range(10):
        body = message(alert(f"cut{n}"))
        with contextlib.suppress(OSError, http.client.HTTPException):
            killer = threading.Timer(0.002 * n, webhook.kill)
            killer.start()
            webhook.post(body, timeout=5)
        killer.join()
        webhook.start()
        assert webhook.post(body).status == 200

    stored = names(webhook)
    assert sorted(stored) == sorted({f"cut{n}" for n in range(10)})


@pytest.mark.fault("F29")
def test_after_a_kill_the_next_process_can_listen_at_once(webhook):
    """A kubelet or supervisord starts it; what it holds of an address dies with it."""
    webhook.start()
    webhook.post(message(alert("Before")))

    webhook.kill()
    webhook.start()

    assert webhook.post(message(alert("After"))).status == 200
    assert names(webhook) == ["Before", "After"]


@pytest.mark.fault("F17")
def test_a_locked_database_gives_503_in_time_and_heals(webhook):
    webhook.start()
    webhook.post(message(alert("Before")))
    time.sleep(1.1)
    blocker = sqlite3.connect(webhook.journal, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")

    answer = webhook.post(message(alert("Locked")), timeout=5)
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert webhook.get("/readyz").status == 503
    assert webhook.get("/healthz").status == 200
    assert webhook.metric('oims_webhook_rejected_total{reason="journal_locked"}') >= 2

    blocker.close()
    assert webhook.post(message(alert("After"))).status == 200
    assert webhook.get("/readyz").status == 200
    assert names(webhook)[-1] == "After"


def test_every_delivery_gets_an_answer_while_the_database_is_locked(webhook):
    """Sixteen at once, with eight threads: none waits for a turn that does not come."""
    webhook.start()
    blocker = sqlite3.connect(webhook.journal, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    answers = []

    def send(n):
        answers.append(webhook.post(message(alert(f"L{n}")), timeout=20).status)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    blocker.close()

    assert answers == [503] * 16


def _fill(webhook):
    """Post big alerts until one is refused, then small ones until no write fits; the names acknowledged."""
    stored = []
    for size in (4000, 40, 0):
        for n in range(1000):
            labels = {f"l{m}": "x" * size for m in range(50 if size else 0)}
            answer = webhook.post(message(alert(f"s{size}n{n}", labels=labels)))
            if answer.status == 503:
                break
            assert answer.status == 200, answer
            stored.append(f"s{size}n{n}")
        else:
            raise AssertionError("the disk did not become full")
    assert webhook.get("/readyz").status == 503
    return stored


@pytest.fixture
def small_disk(tmp_path):
    """A folder that holds 4 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this needs the right to mount; the limit on file sizes is tested instead")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.fault("F18")
def test_a_full_disk_gives_503_loses_nothing_and_heals(webhook, small_disk):
    webhook.settings["OIMS_WEBHOOK_JOURNAL"] = str(small_disk / "journal.db")
    webhook.start()

    stored = _fill(webhook)
    assert webhook.get("/healthz").status == 200
    assert names(webhook) == stored

    subprocess.run(["mount", "-o", "remount,size=32m", small_disk], check=True)
    assert until(lambda: webhook.post(message(alert("After"))).status == 200)
    webhook.kill()
    webhook.start()
    assert names(webhook) == [*stored, "After"]


def test_a_limit_on_file_sizes_gives_503_and_loses_nothing(webhook):
    webhook.start(first=_small_files)

    stored = _fill(webhook)
    assert names(webhook) == stored
    webhook.kill()

    webhook.start()
    assert webhook.post(message(alert("After"))).status == 200
    assert names(webhook) == [*stored, "After"]


def _small_files():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3 * 1024 * 1024, resource.RLIM_INFINITY))


def test_a_read_only_disk_gives_503_and_heals(webhook, small_disk):
    webhook.settings["OIMS_WEBHOOK_JOURNAL"] = str(small_disk / "journal.db")
    webhook.start()
    webhook.post(message(alert("Before")))

    # The journal is open for writing, so the disk can't be made read-only; its files can be taken away.
    subprocess.run(["umount", "-l", small_disk], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,ro", "tmpfs", small_disk], check=True)
    webhook.kill()
    with pytest.raises(AssertionError, match="OIMS_WEBHOOK_JOURNAL: cannot write"):
        webhook.start()

    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    webhook.start()
    assert webhook.post(message(alert("After"))).status == 200


@pytest.mark.fault("F28")
def test_a_journal_that_is_no_database_is_refused_loudly(webhook):
    webhook.journal.write_bytes(b"this is no database" * 1000)
    webhook.is_sound = False
    webhook.start()

    assert webhook.post(message(alert())).status == 503
    assert webhook.get("/healthz").status == 200
    assert webhook.metric('oims_webhook_rejected_total{reason="journal_corrupt"}') == 1
    assert webhook.journal.read_bytes().startswith(b"this is no database")


@pytest.mark.fault("F28")
def test_a_torn_last_write_is_forgotten_and_all_that_was_acknowledged_stays(webhook, tmp_path):
    webhook.start()
    for n in range(20):
        webhook.post(message(alert(f"a{n}")))
    webhook.kill()
    with (tmp_path / "journal.db-wal").open("ab") as wal:
        wal.write(os.urandom(6000))

    webhook.start()

    assert names(webhook) == [f"a{n}" for n in range(20)]
    assert webhook.post(message(alert("next"))).json["last_seq"] == 21
