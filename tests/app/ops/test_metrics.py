"""Health and metrics."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.ops.metrics import exposition

NAMES = [
    "flask_http_request_duration_seconds_count",
    "flask_http_request_duration_seconds_bucket",
    "oims_incidents",
    "oims_automation_paused",
    "oims_mail_outbox",
    "oims_mail_oldest_waiting_seconds",
    "oims_journal_consumer_offset",
    "oims_journal_consumer_lag_seconds",
    "oims_volume_free_bytes",
    "oims_volume_size_bytes",
    "oims_http_requests_in_flight",
    "oims_http_request_slots",
    "oims_escalations",
    "oims_escalations_unanswered",
    "oims_pages_total",
]


@pytest.fixture
def metrics(app: Flask, client: FlaskClient) -> str:
    client.get("/login")
    return exposition(app).decode()


@pytest.mark.parametrize("name", NAMES)
def test_it_shows_what_the_rules_ask_for(metrics: str, name: str) -> None:
    assert f"\n{name}{{" in metrics or f"\n{name} " in metrics


def test_paths_without_end_make_one_series(app: Flask, client: FlaskClient) -> None:
    for number in range(30):
        client.get(f"/incidents/{number}")
        client.get(f"/unknown-{number}")
    text = exposition(app).decode()
    counts = [
        line for line in text.splitlines() if line.startswith("flask_http_request_duration_seconds_count")
    ]
    assert len(counts) <= 3


def test_an_unknown_method_is_refused_before_it_is_counted(app: Flask, client: FlaskClient) -> None:
    assert client.open("/login", method="BREW").status_code == 501
    assert b"BREW" not in exposition(app)


def test_metrics_are_not_for_the_world(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 404


def test_it_is_not_ready_before_the_database_is_migrated(
    make_settings: Any, make_app: Any, tmp_path: Any
) -> None:
    app = make_app(make_settings(database_url=f"sqlite:///{tmp_path}/empty.db"))
    client = app.test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "python -m app migrate" in answer.json["checks"]["schema"]
    assert b"oims_http_request_slots" in exposition(app)
