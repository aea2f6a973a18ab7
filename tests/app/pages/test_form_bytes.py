"""A byte that is no UTF-8 costs one mark, in forms and queries as in the API."""

import io

import pytest

from app.incidents import queries, service
from app.records.actors import SYSTEM
from app.records.incidents import EventKind
from app.severities import Severity

LATIN = b"caf\xe9 is down"
MARKED = "caf\ufffd is down"


@pytest.fixture
def number(tell):
    return tell(service.create, title="Odd bytes", severity=Severity.HIGH, actor=SYSTEM)


def comments(app, number):
    with app.app_context():
        items = queries.timeline_page(number).items
        return [item.data["body"] for item in items if item.kind is EventKind.COMMENTED]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"body=caf%E9+is+down", "application/x-www-form-urlencoded"),
        (b"body=" + LATIN.replace(b" ", b"+"), "application/x-www-form-urlencoded"),
        (
            b'--b\r\nContent-Disposition: form-data; name="body"\r\n\r\n' + LATIN + b"\r\n--b--\r\n",
            "multipart/form-data; boundary=b",
        ),
    ],
    ids=["escaped", "raw", "multipart"],
)
def test_a_comment_is_kept_with_a_mark(app, browser, number, body, kind):
    app.config["WTF_CSRF_ENABLED"] = False
    path = f"/incidents/{number}/comment"
    answer = browser.client.post(
        path, input_stream=io.BytesIO(body), content_type=kind, content_length=len(body)
    )

    assert answer.status_code == 303, answer.text[:300]
    assert MARKED in browser.get(f"/incidents/{number}").words
    assert comments(app, number) == [MARKED]


@pytest.mark.parametrize("query", ["q=caf%E9", "label=a%3Dcaf%E9", "service=%FF"])
def test_a_query_is_shown_with_a_mark(browser, query):
    assert 'value="caf\ufffd"' in browser.client.get("/?q=caf%E9").text
    assert "%E9" not in browser.get(f"/?{query}").words


def test_a_raw_byte_in_a_query_is_read_with_a_mark(browser):
    answer = browser.client.get("/", environ_overrides={"QUERY_STRING": "q=caf\xe9"})
    assert 'value="caf\ufffd"' in answer.text


NAMELESS = (
    b"Content-Disposition: form-data",
    b'Content-Disposition: form-data; name="\\"',
    b'Content-Disposition: form-data; filename="x"',
    b"Content-Disposition: form-data; name*=utf-8''%ff",
    b"Content-Disposition: attachment",
    b"X-Other: header",
)


@pytest.mark.threat("T33")
@pytest.mark.parametrize("path", ["/login", "/register", "/password/forgotten"])
def test_a_part_of_a_form_without_a_name_is_no_failure(app, client, path):
    for head in NAMELESS:
        body = b"--b\r\n" + head + b"\r\n\r\nx\r\n--b--\r\n"
        answer = client.post(path, data=body, content_type="multipart/form-data; boundary=b")
        assert answer.status_code < 500, head
