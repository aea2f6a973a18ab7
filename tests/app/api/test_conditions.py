"""Changes that say what they are based on."""

from typing import Any

import pytest
from flask.testing import FlaskClient


def test_a_tag_stays_until_something_happens(
    client: FlaskClient, headers: dict[str, str], incident: dict[str, Any]
) -> None:
    path = f"/api/v1/incidents/{incident['id']}"
    tag = client.get(path, headers=headers).headers["ETag"]
    seen = headers | {"If-None-Match": tag}
    unchanged = client.get(path, headers=seen)
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    changed = client.post(f"{path}/acknowledge", headers=headers)
    assert changed.headers["ETag"] != tag
    assert client.get(path, headers=seen).status_code == 200
    assert client.get(path, headers=headers).headers["ETag"] == changed.headers["ETag"]


def test_a_change_based_on_what_was_changed_since_is_refused_and_told_what_happened(
    client: FlaskClient, headers: dict[str, str], incident: dict[str, Any]
) -> None:
    path = f"/api/v1/incidents/{incident['id']}"
    tag = client.get(path, headers=headers).headers["ETag"]
    client.post(f"{path}/acknowledge", headers=headers)
    client.post(f"{path}/severity", json={"severity": "low"}, headers=headers)
    refused = client.post(f"{path}/resolve", json={"reason": "Freed."}, headers=headers | {"If-Match": tag})
    assert refused.status_code == 412
    assert refused.content_type == "application/problem+json"
    problem = refused.get_json()
    assert "nothing of yours was saved" in problem["detail"]
    messages = [error["message"] for error in problem["errors"]]
    assert len(messages) == 2
    assert messages[0].endswith("Acknowledged by test write over the API.")
    assert messages[1].endswith("test write changed the severity from high to low.")
    assert client.get(path, headers=headers).get_json()["state"] == "acknowledged"


def test_a_change_based_on_the_present_state_is_made(
    client: FlaskClient, headers: dict[str, str], incident: dict[str, Any]
) -> None:
    path = f"/api/v1/incidents/{incident['id']}"
    for action in ("acknowledge", "escalate", "resolve", "reopen"):
        tag = client.get(path, headers=headers).headers["ETag"]
        assert client.post(f"{path}/{action}", headers=headers | {"If-Match": tag}).status_code == 200
    assert client.post(f"{path}/resolve", headers=headers | {"If-Match": "*"}).status_code == 200


def test_a_comment_of_somebody_else_takes_nothing_away(
    client: FlaskClient, headers: dict[str, str], incident: dict[str, Any]
) -> None:
    path = f"/api/v1/incidents/{incident['id']}"
    tag = client.get(path, headers=headers).headers["ETag"]
    client.post(f"{path}/comments", json={"body": "Looking."}, headers=headers)
    assert client.post(f"{path}/acknowledge", headers=headers | {"If-Match": tag}).status_code == 200


@pytest.mark.parametrize("tag", ["x", '"x"', 'W/"1-1"', '"1-1", "2-2"', '"99999999999-1"', ""])
def test_what_is_no_tag_is_named(
    client: FlaskClient, headers: dict[str, str], incident: dict[str, Any], tag: str
) -> None:
    path = f"/api/v1/incidents/{incident['id']}/acknowledge"
    refused = client.post(path, headers=headers | {"If-Match": tag})
    assert refused.status_code == 422
    assert refused.get_json()["errors"][0]["field"] == "If-Match"


NO_MOMENTS = (
    "Sat, 01 Jan 99999999999 00:00:00 GMT",
    "Sat, 01 Jan 2022 99999999999:00:00 GMT",
    "Sat, 01 Jan 2022 00:00:00 +99999999999999999999",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    f"Sat, 01 Jan {'9' * 5000} 00:00:00 GMT",
    "yesterday",
)


@pytest.mark.threat("T33")
@pytest.mark.parametrize("condition", ["If-Modified-Since", "If-Unmodified-Since", "If-Range"])
def test_a_date_that_no_calendar_has_is_ignored(
    client: FlaskClient, headers: dict[str, str], incident: dict[str, Any], condition: str
) -> None:
    for path in ("/static/favicon-calm.svg", f"/api/v1/incidents/{incident['id']}"):
        for date in NO_MOMENTS:
            asked = headers | {condition: date, "Range": "bytes=0-99"}
            with client.get(path, headers=asked) as answer:
                assert answer.status_code in {200, 206}, (path, date)
