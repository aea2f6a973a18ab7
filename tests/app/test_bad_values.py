"""No value that a stranger or a colleague sends brings the app to fail, at any door, on either database."""

import itertools
import json
import traceback
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from werkzeug.routing import Rule

from app.extensions import db
from app.records.accounts import Role, Scope
from tests.app.browsers import signed_in
from tests.app.conftest import make_user
from tests.app.doors import PUBLIC

TEXTS = ("x\x00y", "\ud800", str(2**63), str(10**25), "9" * 5000)
RAW = ("1-%00", "%00", "%ED%A0%80%C0%80", str(2**63), str(10**25), "9" * 5000)
FIELDS = """
    email name password current new cursor after limit q label service since until owner state
    period next text comment title severity version seen incident kind matchers starts_at ends_at
    last_day user_id id sha tags timezone role scopes days reason assignee other into at by
    incident_id number fingerprint seq zone cron grace rid
""".split()  # noqa: SIM905 - a column of quotes says no more
JSON_VALUES = (
    "x\x00y",
    "\ud800",
    2**63,
    10**25,
    1e308,
    -(2**63) - 1,
    [],
    {},
    None,
    True,
    [2**63],
    {"a": "\x00"},
)


@pytest.fixture
def database_url(any_database_url: str) -> str:
    return any_database_url


@pytest.fixture
def app(app: Flask) -> Flask:
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    with app.app_context():
        return signed_in(app, make_user("Ada", Role.ADMIN))


def doors(app: Flask) -> Iterator[tuple[Rule, str]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static" and rule.redirect_to is None:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def addresses(rule: Rule, value: str) -> Iterator[str]:
    """The rule's address with this value in the place of each argument in turn, or as it is."""
    for bad in sorted(rule.arguments - set(rule.defaults or ())) or [""]:
        parts = [
            part if is_plain else (value if part == bad else "1")
            for is_plain, part in ((not is_dynamic, data) for is_dynamic, data in rule._trace)  # noqa: SLF001 - the pattern's parts
        ]
        yield "".join(parts).lstrip("|")


def no_failure(answer: Any, said: object) -> None:
    assert answer.status_code < 500, (said, answer.status_code, answer.get_data(as_text=True)[:2000])


@pytest.mark.slow
@pytest.mark.parametrize("value", RAW, ids=range(len(RAW)))
@pytest.mark.threat("T33")
def test_a_bad_part_of_an_address(app: Flask, admin: FlaskClient, bearer: Any, value: str) -> None:
    headers = bearer(*Scope)
    for rule, method in doors(app):
        if rule.endpoint in {"accounts.logout", "profile.sign_out_everywhere"}:
            continue
        for path in addresses(rule, value):
            asked = headers if path.startswith(("/api/", "/demo/")) else {}
            no_failure(admin.open(path, method=method, headers=asked), (method, path))


@pytest.mark.slow
@pytest.mark.parametrize("value", RAW, ids=range(len(RAW)))
@pytest.mark.threat("T33")
def test_a_bad_query(app: Flask, admin: FlaskClient, bearer: Any, value: str) -> None:
    headers = bearer(*Scope)
    for rule, method in doors(app):
        if method != "GET":
            continue
        path = next(addresses(rule, "1"))
        operation = getattr(app.view_functions[rule.endpoint], "operation", None)
        known = [*operation.query.model_fields] if operation and operation.query else []
        asked = headers if path.startswith("/api/") else {}
        for query in [*([name] for name in known), known or FIELDS]:
            words = "&".join(f"{name}={value}" for name in query)
            no_failure(admin.get(f"{path}?{words}", headers=asked), (path, words))


@pytest.mark.slow
@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
@pytest.mark.threat("T33")
def test_a_bad_form(app: Flask, admin: FlaskClient, text: str) -> None:
    stranger = app.test_client()
    encoded = quote(text, errors="surrogatepass")
    body = "&".join(f"{name}={encoded}" for name in FIELDS)
    sane = "&".join(
        f"{n}={v}" for n, v in {"email": "a@b.example", "name": "A", "comment": "why", "title": "t"}.items()
    )
    for (rule, method), sent in itertools.product(doors(app), (body, f"{sane}&{body}")):
        if method == "GET" or rule.rule.startswith(("/api/", "/demo/")):
            continue
        if rule.endpoint in {"accounts.logout", "profile.sign_out_everywhere"}:
            continue
        client = stranger if rule.endpoint in PUBLIC else admin
        path = next(addresses(rule, "1"))
        kind = "application/x-www-form-urlencoded"
        no_failure(client.open(path, method=method, data=sent, content_type=kind), (method, path, text[:20]))


@pytest.mark.slow
@pytest.mark.threat("T33")
def test_a_bad_body_of_the_api(
    app: Flask, client: FlaskClient, bearer: Callable[..., dict[str, str]]
) -> None:
    headers = bearer(*Scope) | {"Content-Type": "application/json"}
    for rule, method in doors(app):
        operation = getattr(app.view_functions[rule.endpoint], "operation", None)
        if operation is None or operation.body is None:
            continue
        path = next(addresses(rule, "1"))
        for value in JSON_VALUES:
            for fields in ([name] for name in operation.body.model_fields):
                body = dict.fromkeys(fields, value)
                answer = client.open(path, method=method, data=json.dumps(body), headers=headers)
                no_failure(answer, (method, path, body))
        for body in (
            b"\xff\xfe",
            b"\xc0\x80",
            b'{"a":"\\ud800"}',
            b"[" * 100_000,
            b'"' + b"x" * 1_000_000 + b'"',
        ):
            no_failure(
                client.open(path, method=method, data=body, headers=headers), (method, path, body[:20])
            )


@pytest.mark.parametrize(
    "name", ["Authorization", "If-Match", "Idempotency-Key", "X-Request-ID", "Cookie", "Accept"]
)
@pytest.mark.parametrize(
    "value", ["Bearer \x00", '"99999999999999999999-1"', "é\x00", "9" * 5000, "*" * 60_000]
)
def test_a_bad_header(app: Flask, admin: FlaskClient, bearer: Any, name: str, value: str) -> None:
    for path, method in (
        ("/api/v1/incidents", "POST"),
        ("/api/v1/incidents/1/comments", "POST"),
        ("/", "GET"),
    ):
        headers = bearer(*Scope) if path == "/none" else {}
        no_failure(admin.open(path, method=method, headers=headers | {name: value}, data="{}"), (path, name))


@pytest.mark.parametrize("address", ["a\x00b@example.org", "\x00", "x" * 1_000_000])
def test_an_attempt_counts_before_anything_can_fail(client: FlaskClient, address: str, app: Flask) -> None:
    statuses = [
        client.post("/login", data={"email": address, "password": "wrong horse"}).status_code
        for _ in range(12)
    ]
    assert max(statuses) < 500
    assert statuses[-1] in {429, 413, 422}


@pytest.mark.threat("T14")
def test_an_error_of_the_database_tells_no_value_of_a_row(app: Flask) -> None:
    secret = "hunter2-of-the-test"
    insert = text("INSERT INTO once VALUES (:word)")
    with app.app_context():
        db.session.execute(text("CREATE TEMPORARY TABLE once (word TEXT PRIMARY KEY)"))
        db.session.execute(insert, {"word": secret})
        with pytest.raises(IntegrityError) as refused:
            db.session.execute(insert, {"word": secret})
        db.session.rollback()
    told = "".join(traceback.format_exception(refused.value))
    assert "INSERT INTO once" in told
    assert secret not in told
