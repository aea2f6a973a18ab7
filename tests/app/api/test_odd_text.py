"""Text that a program could not write right is kept with a mark; what is refused is told in words."""

import json

import pytest

MARK = "\ufffd"


@pytest.fixture
def opened(client, headers):
    """Open an incident with this body; return the answer."""

    def opened(body):
        given = headers | {"Content-Type": "application/json"}
        return client.post("/api/v1/incidents", data=body, headers=given)

    return opened


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (b'{"title":"caf\\udce9 is down"}', f"caf{MARK} is down"),
        (b'{"title":"\\ud83d and \\ude00\\ud83d"}', f"{MARK} and {MARK}{MARK}"),
        (b'{"title":"\\ud83d\\ude00 is a pair"}', "😀 is a pair"),
        (b'{"title":"C:\\\\udde\\udc00"}', f"C:\\udde{MARK}"),
        (b'{"title":"caf\xe9 \x93q\x94"}', f"caf{MARK} {MARK}q{MARK}"),
        (b'\xef\xbb\xbf{"title":"a mark of order"}', "a mark of order"),
        ('{"title":"käse"}'.encode("utf-16"), "käse"),
        ('{"title":"no\u00a0break, \u202eturned"}'.encode(), f"no\u00a0break, {MARK}turned"),
    ],
    ids=["as Python writes a byte", "halves", "a pair", "a path", "CP1252", "a BOM", "UTF-16", "an override"],
)
def test_it_is_kept_with_a_mark(opened, body, title):
    answer = opened(body)
    assert answer.status_code == 201, answer.text
    assert answer.get_json()["title"] == title


@pytest.mark.parametrize("text", ["", " ", "\u007f"])
def test_a_text_that_says_nothing_is_refused_in_words(opened, text):
    (problem,) = opened(json.dumps({"title": text})).get_json()["errors"]
    assert problem["field"] == "title"
    assert "pattern" not in problem["message"]
