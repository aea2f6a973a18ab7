"""The demonstration's faults are real, and off unless asked for."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from app.accounts import tokens
from app.ops.metrics import exposition
from app.records.accounts import Scope
from app.records.actors import SYSTEM


@pytest.fixture
def app(make_settings: Any, make_app: Any) -> Any:
    return make_app(make_settings(demo_faults="true"))


def test_errors_hit_everything_but_health_until_they_are_off(
    app: Any, client: FlaskClient, bearer: Any
) -> None:
    headers = bearer(Scope.ADMIN)
    switch = {"kind": "errors", "on": True}
    assert client.post("/demo/faults", json=switch, headers=headers).get_json() == {"on": ["errors"]}
    assert [client.get(path).status_code for path in ("/login", "/api/v1/incidents")] == [500, 500]
    assert [client.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]
    assert b'status="500",url_rule="/login"' in exposition(app)
    client.post("/demo/faults", json=switch | {"on": False}, headers=headers)
    assert client.get("/login").status_code == 200


def test_the_switch_needs_an_admin_token(client: FlaskClient, bearer: Any) -> None:
    assert client.post("/demo/faults", json={"kind": "errors", "on": True}).status_code == 401
    headers = bearer(Scope.WRITE)
    assert (
        client.post("/demo/faults", json={"kind": "errors", "on": True}, headers=headers).status_code == 403
    )


def test_without_the_setting_there_is_no_switch(make_settings: Any, make_app: Any) -> None:
    app = make_app(make_settings(demo_faults="false"))
    with app.app_context():
        secret = tokens.create(name="root", scopes=[Scope.ADMIN], by=SYSTEM).secret
    answer = app.test_client().post("/demo/faults", json={}, headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 404
