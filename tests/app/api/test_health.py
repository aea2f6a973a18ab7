"""Whether the platform is heard of: told to a token that may do nothing else, and to no stranger."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.clock import now
from app.config import Settings
from app.database import transaction
from app.extensions import db
from app.incidents import service
from app.records import cursor
from app.records.accounts import Scope
from app.records.actors import SYSTEM
from app.records.automation import AutomationHeartbeat
from app.records.operations import WorkerHeartbeat
from app.records.outbox import OutboxMessage
from app.severities import Severity

ALL_WELL = dict.fromkeys(("worker", "mail", "webhook", "watchdog", "automation"), "heard")
LONG = timedelta(minutes=20)


@pytest.fixture
def settings(make_settings: Callable[..., Settings]) -> Settings:
    return make_settings(
        smtp_host="127.0.0.1", mail_to="ann@example.org", journal_url="http://[::1]:9", journal_token="r" * 40
    )


def hear(app: Flask, *, but: str = "") -> None:
    """Let every part have been heard of just now, one of them long ago."""
    at = {part: now() - LONG if part == but else now() for part in ALL_WELL}
    with app.app_context(), transaction():
        db.session.merge(WorkerHeartbeat(worker="w", at=at["worker"]))
        place = cursor.lock()
        place.caught_up_at, place.watchdog_at = at["webhook"], at["watchdog"]
        beat = AutomationHeartbeat(
            instance="a", version="1", location="host", is_paused=False, last_seq=0, lag_s=0, remedies=[]
        )
        beat.sent_at = beat.received_at = at["automation"]
        db.session.merge(beat)
        service.create(title="Something", severity=Severity.LOW, actor=SYSTEM)
        for mail in db.session.query(OutboxMessage):
            mail.created_at = at["mail"]


@pytest.mark.parametrize(
    ("but", "differs", "can_tell"),
    [
        ("", {}, True),
        ("worker", {"worker": "silent", "webhook": "unknown", "watchdog": "unknown"}, False),
        ("mail", {"mail": "silent"}, False),
        ("webhook", {"webhook": "silent", "watchdog": "unknown"}, True),
        ("watchdog", {"watchdog": "silent"}, True),
        ("automation", {"automation": "silent"}, True),
    ],
)
@pytest.mark.threat("T29")
def test_it_says_which_part_is_silent_and_whether_oims_can_tell_of_it(
    app: Flask,
    client: FlaskClient,
    bearer: Callable[..., dict[str, str]],
    but: str,
    differs: dict[str, Any],
    *,
    can_tell: bool,
) -> None:
    hear(app, but=but)

    answer = client.get("/api/v1/health", headers=bearer(Scope.WATCH))

    assert answer.get_json() == ALL_WELL | differs | {"can_tell": can_tell}


def test_what_is_not_set_up_is_off(
    make_app: Callable[[Settings], Flask],
    make_settings: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("SMTP_HOST", "JOURNAL_URL", "JOURNAL_TOKEN", "MAIL_TO"):
        monkeypatch.delenv(f"OIMS_{name}", raising=False)
    app = make_app(make_settings())
    with app.app_context():
        from app.ops.parts import look  # noqa: PLC0415

        parts = look(app.config["SETTINGS"])
    assert set(vars(parts).values()) == {"silent", "off"}
    assert (parts.worker, parts.can_tell) == ("silent", False)


def test_strangers_hear_nothing(app: Flask, client: FlaskClient) -> None:
    hear(app, but="automation")
    answer = client.get("/api/v1/health")
    assert answer.status_code == 401
    assert "silent" not in answer.text
