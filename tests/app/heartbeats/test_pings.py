"""The address that jobs ping speaks the protocol of Healthchecks, and keeps its secret."""

import stat
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.extensions import db
from app.heartbeats import service
from app.records.actors import SYSTEM
from app.records.heartbeats import HeartbeatPing, PingKind

pytestmark = pytest.mark.usefixtures("context")

NOBODY = "00000000-0000-4000-8000-000000000000"
RUN = "6BA7B810-9DAD-11D1-80B4-00C04FD430C8"


@pytest.fixture
def secret(heartbeat):
    return service.secret_of(heartbeat)


@pytest.fixture
def kept(watch):
    def kept():
        while watch.look():
            pass
        return db.session.scalars(select(HeartbeatPing).order_by(HeartbeatPing.number)).all()

    return kept


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize(
    ("path", "kind", "exit_status"),
    [
        ("", PingKind.SUCCESS, None),
        ("/start", PingKind.START, None),
        ("/fail", PingKind.FAIL, None),
        ("/log", PingKind.LOG, None),
        ("/0", PingKind.SUCCESS, 0),
        ("/255", PingKind.FAIL, 255),
    ],
)
def test_every_kind_of_ping_comes_by_every_method(client, secret, kept, method, path, kind, exit_status):
    answer = client.open(f"/ping/{secret}{path}", method=method)
    assert (answer.status_code, answer.headers["Ping-Body-Limit"]) == (200, "10000")
    assert answer.text == ("" if method == "HEAD" else "OK")
    (ping,) = kept()
    assert (ping.kind, ping.exit_status) == (kind, exit_status)


@pytest.mark.parametrize(
    "path",
    [
        NOBODY,
        f"{NOBODY}/start",
        "backup",
        "1",
        "%00",
        "%ED%A0%80",
        str(2**63),
        "{SECRET}/256",
        "{SECRET}/-1",
        "{SECRET}/later",
        "{SECRET}/01",
        "{SECRET}x",
        "{{{SECRET}}}",
        "urn:uuid:{SECRET}",
    ],
)
def test_an_unknown_address_is_answered_404(client, secret, kept, path):
    assert client.get(f"/ping/{path.format(SECRET=secret)}").status_code == 404
    assert kept() == []


def test_an_address_is_the_same_in_capitals(client, secret):
    assert client.get(f"/ping/{secret.upper()}").status_code == 200


def test_runs_are_told_apart_by_their_id(client, secret, kept, clock):
    client.get(f"/ping/{secret}/start?rid={RUN}")
    client.get(f"/ping/{secret}/start")
    client.get(f"/ping/{secret}?rid={RUN.lower()}")
    assert client.get(f"/ping/{secret}?rid=7").status_code == 400
    assert [ping.duration_s for ping in kept()] == [None, None, 0.0]


def test_a_body_is_kept_up_to_10_kb_and_made_safe(client, secret, kept):
    client.post(f"/ping/{secret}", data=b"\x00\xff\x1b[31m" + b"x" * 20_000)
    client.post(f"/ping/{secret}", data={"a": "1"})
    big, form = kept()
    assert big.is_cut
    assert big.body == "��\ufffd[31m" + "x" * 9_993
    assert (form.body, form.is_cut) == ("a=1", False)


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 3_000_000])
def test_a_ping_with_a_very_large_body_counts(client, secret, kept, size):
    assert client.post(f"/ping/{secret}/1", data=b"x" * size).status_code == 200
    (ping,) = kept()
    assert (ping.body, ping.is_cut) == ("x" * 10_000, True)


def test_a_secret_in_a_body_is_not_kept(client, secret, kept):
    client.post(f"/ping/{secret}", data="password=hunter2")
    assert "hunter2" not in kept()[0].body


@pytest.mark.parametrize("any_database_url", ["sqlite"], indirect=True)
def test_waiting_pings_are_private_and_hold_no_secret(client, secret, tmp_path):
    client.post(f"/ping/{secret}", data="password=hunter2")
    files = list(tmp_path.glob("site.db-pings*"))
    assert files
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert not any(b"hunter2" in file.read_bytes() for file in files)


def test_one_that_pings_too_often_is_told_so(client, secret, kept):
    statuses = []
    while 429 not in statuses and len(statuses) < 300:  # on a slow machine some places come back meanwhile
        statuses.append(client.get(f"/ping/{secret}").status_code)
    assert statuses[:60] == [200] * 60
    assert statuses[-1] == 429
    assert len(kept()) == 50


def test_the_address_is_in_no_log(client, secret, capsys):
    client.get(f"/ping/{secret}")
    client.get(f"/ping/{secret}/nonsense")
    assert secret not in "".join(capsys.readouterr())


def test_an_old_address_is_unknown_once_there_is_a_new_one(client, heartbeat, secret):
    renewed = service.renew(heartbeat.id, actor=SYSTEM)
    assert client.get(f"/ping/{secret}").status_code == 404
    assert client.get(f"/ping/{service.secret_of(renewed)}").status_code == 200


def test_a_ping_of_a_deleted_heartbeat_hurts_nobody(client, heartbeat, secret, kept):
    client.get(f"/ping/{secret}")
    service.delete(heartbeat.id, actor=SYSTEM)
    assert kept() == []


def test_a_waiting_ping_of_a_deleted_heartbeat_does_not_hit_the_next(
    client, heartbeat, make, secret, kept, clock
):
    client.get(f"/ping/{secret}/1")
    service.delete(heartbeat.id, actor=SYSTEM)
    clock.shift(timedelta(seconds=1))
    make(name="Other")
    assert kept() == []
