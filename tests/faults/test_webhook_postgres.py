"""What the webhook does when its PostgreSQL fails, and when two of it share one."""

import contextlib
import os
import signal
import time

import psycopg
import pytest

from tests.faults.senders import Senders, names
from tests.postgres import own_server
from tests.waiting import until
from tests.webhook.conftest import new_postgres, postgres_url  # noqa: F401 - fixtures
from tests.webhook.process import WebhookProcess, alert, message


@pytest.fixture
def own_postgres():
    """A PostgreSQL that a test may stop and start."""
    with own_server() as server:
        yield server


@pytest.mark.fault("F17")
def test_postgresql_that_refuses_connections_gives_503_and_heals_without_a_restart(webhook, own_postgres):
    url = own_postgres.get_uri("postgres")
    webhook.settings["OIMS_WEBHOOK_JOURNAL"] = url
    webhook.start()
    assert webhook.post(message(alert("Before"))).status == 200
    time.sleep(1.1)

    os.kill(own_postgres.get_pid(), signal.SIGINT)
    until(lambda: not (own_postgres.pgdata / "postmaster.pid").exists())
    answer = webhook.post(message(alert("Down")), timeout=10)
    assert answer.status == 503
    assert webhook.get("/readyz").status == 503
    assert webhook.get("/healthz").status == 200

    own_postgres.ensure_postgres_running()
    until(lambda: webhook.post(message(alert("After"))).status == 200)
    assert names(webhook) == ["Before", "After"]


def test_a_silent_database_gives_503_to_those_behind_the_hanging_commit(webhook, own_postgres):
    url = own_postgres.get_uri("postgres")
    webhook.settings["OIMS_WEBHOOK_JOURNAL"] = url
    webhook.start()
    assert webhook.post(message(alert("Before"))).status == 200
    with psycopg.connect(url) as connection:
        query = "SELECT pid FROM pg_stat_activity WHERE application_name = 'oims-webhook'"
        backends = [pid for (pid,) in connection.execute(query)]

    with contextlib.ExitStack() as stack:
        for pid in backends:
            stack.callback(os.kill, pid, signal.SIGCONT)
            os.kill(pid, signal.SIGSTOP)
        with pytest.raises(TimeoutError):
            webhook.post(message(alert("Hanging")), timeout=1)
        assert webhook.post(message(alert("Refused")), timeout=10).status == 503
        assert webhook.get("/healthz", timeout=3).status == 200

    assert until(lambda: webhook.post(message(alert("After"))).status == 200)
    assert names(webhook) == ["Before", "Hanging", "After"]


def test_two_replicas_on_postgresql_number_their_events_without_a_hole(tmp_path, new_postgres):  # noqa: F811
    url = new_postgres()
    replicas = []
    for n in range(2):
        (tmp_path / str(n)).mkdir()
        replicas.append(WebhookProcess(tmp_path / str(n), OIMS_WEBHOOK_JOURNAL=url))
    try:
        for replica in replicas:
            replica.start()
        senders = [Senders(replica, 3, f"r{n}") for n, replica in enumerate(replicas)]
        until(lambda: all(len(sender.acknowledged) > 30 for sender in senders), 60)
        replicas[0].kill()
        replicas[0].start()
        for sender in senders:
            sender.stop()
        stored = names(replicas[1])
        for sender in senders:
            assert set(sender.acknowledged) <= set(stored)
    finally:
        for replica in replicas:
            replica.end()
