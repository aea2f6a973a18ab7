"""Links, duplicates, details and reviews over the API."""

import pytest

from app.records.accounts import Scope


@pytest.fixture
def ask(client, headers):
    """Send a request and return the answer's JSON; the status must be the expected one."""

    def ask(method, path, body=None, status=200, **given):
        answer = client.open(f"/api/v1{path}", method=method, json=body, headers=headers | given)
        assert answer.status_code == status, answer.text
        return answer.get_json()

    return ask


@pytest.fixture
def opened(ask):
    return lambda title: ask("POST", "/incidents", {"title": title}, 201)["id"]


def test_two_incidents_are_linked_and_told_of_it(ask, opened):
    one, two = opened("One"), opened("Two")
    for _ in range(2):
        assert ask("POST", f"/incidents/{one}/link", {"other": two})["id"] == one
    assert [item["id"] for item in ask("GET", f"/incidents/{two}/links")["items"]] == [one]
    kinds = [item["kind"] for item in ask("GET", f"/incidents/{two}/timeline")["items"]]
    assert kinds == ["opened", "linked"]
    ask("POST", f"/incidents/{two}/unlink", {"other": one})
    assert ask("GET", f"/incidents/{one}/links")["items"] == []


def test_a_duplicate_is_merged_into_the_one_that_goes_on(ask, opened):
    one, two = opened("One"), opened("Two")
    merged = ask("POST", f"/incidents/{two}/merge", {"into": one})
    assert (merged["state"], merged["merged_into"]) == ("resolved", one)
    assert "merged incident" in ask("GET", f"/incidents/{one}/timeline")["items"][-1]["summary"]
    assert "resolved" in ask("POST", f"/incidents/{two}/merge", {"into": one}, 409)["detail"].lower()


def test_service_and_peoples_labels_are_replaced_and_the_alerts_stay(ask, opened):
    one = opened("One")
    changed = ask("POST", f"/incidents/{one}/details", {"service": "shop", "tags": {"team": "pay"}})
    assert (changed["service"], changed["tags"], changed["labels"]) == ("shop", {"team": "pay"}, {})
    assert ask("POST", f"/incidents/{one}/details", {"service": "", "tags": {}})["service"] is None


def test_a_review_is_written_with_what_is_to_be_done(ask, opened):
    one = opened("One")
    written = ask("POST", f"/incidents/{one}/review", {"summary": "Disk full.", "cause": "No rotation."})
    item = ask("POST", f"/incidents/{one}/follow-ups", {"text": "Rotate", "due_on": "2026-12-24"}, 201)
    done = ask("POST", f"/incidents/{one}/follow-ups/{item['id']}", {"done": True})
    assert (done["text"], done["due_on"], done["owner"]) == ("Rotate", "2026-12-24", None)
    review = ask("GET", f"/incidents/{one}/review")
    assert (review["summary"], review["follow_ups"]) == (written["summary"], [done])
    assert ask("POST", f"/incidents/{one}/follow-ups/{item['id']}", {"done": False})["done_at"] is None


def test_a_review_that_others_changed_meanwhile_is_not_overwritten(client, ask, opened, headers):
    one = opened("One")
    path = f"/api/v1/incidents/{one}/review"
    tag = client.get(path, headers=headers).headers["ETag"]
    ask("POST", f"/incidents/{one}/review", {"summary": "First", "cause": ""})
    body = {"summary": "Second", "cause": ""}
    refused = ask("POST", f"/incidents/{one}/review", body, 412, **{"If-Match": tag})
    assert "wrote the review" in refused["errors"][0]["message"]
    assert ask("GET", f"/incidents/{one}/review")["summary"] == "First"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("link", {"other": 999}, "other"),
        ("link", {"other": 1}, "other"),
        ("merge", {"into": 999}, "into"),
        ("merge", {"into": 1}, "into"),
        ("details", {"service": "x" * 81, "tags": {}}, "service"),
        ("details", {"service": "", "tags": {"no name": "x"}}, "tags"),
        ("details", {"service": "", "tags": {"a": "b\nc=d"}}, "tags"),
        ("review", {"summary": "x"}, "cause"),
        ("follow-ups", {"text": " "}, "text"),
        ("follow-ups", {"text": "x", "owner": 999}, "owner"),
        ("follow-ups", {"text": "x", "due_on": "tomorrow"}, "due_on"),
    ],
)
def test_what_is_wrong_is_named_by_the_callers_own_word(ask, opened, path, body, field):
    opened("One")
    refused = ask("POST", f"/incidents/1/{path}", body, 422)
    assert refused["errors"][0]["field"] == field, refused


def test_a_follow_up_of_another_incident_is_none_of_this_one(ask, opened):
    one, two = opened("One"), opened("Two")
    item = ask("POST", f"/incidents/{one}/follow-ups", {"text": "Rotate"}, 201)
    ask("POST", f"/incidents/{two}/follow-ups/{item['id']}", {"done": True}, 404)


def test_a_reader_may_look_at_reviews_and_write_none(client, bearer, opened):
    one, reader = opened("One"), bearer(Scope.READ)
    assert client.get(f"/api/v1/incidents/{one}/review", headers=reader).status_code == 200
    for path in ("review", "follow-ups", "link", "merge", "details"):
        assert client.post(f"/api/v1/incidents/{one}/{path}", json={}, headers=reader).status_code == 403
