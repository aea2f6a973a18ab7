"""After an incident: the review, its follow-ups, and the report on paper and as Markdown."""

import pytest

from app.incidents import queries, service
from app.severities import Severity
from app.web.reviews import export

HOSTILE = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) # no"


@pytest.fixture
def incident_id(tell, alice):
    return tell(service.create, title=HOSTILE, severity=Severity.HIGH, actor=alice.actor)


@pytest.fixture
def path(incident_id):
    return f"/incidents/{incident_id}"


def test_an_empty_review_teaches_what_belongs_in_it(browser, path):
    assert "Write down what would keep this from coming back" in browser.get(f"{path}/review").words


def test_a_review_is_written_and_reported(browser, path):
    browser.submit_and_follow(f"{path}/review", summary="The disk was **full**.", cause=HOSTILE)
    page = browser.get(f"{path}/report")
    assert "The disk was full." in page.words
    assert HOSTILE in page.words
    assert not page.all("img")
    assert "Alice wrote the review" in browser.get(path).words


def test_two_people_who_write_at_once_lose_nothing(browser, path):
    browser.submit_and_follow(f"{path}/review", summary="First")
    answer = browser.submit(f"{path}/review", summary="Second", version="1")
    page = browser.read(answer)
    assert answer.status_code == 422
    assert "Your text is still here." in page.words
    form = page.form(f"{path}/review")
    assert form["summary"].strip() == "Second"
    assert browser.client.post(f"{path}/review", data=form).status_code == 303
    assert "Second" in browser.get(f"{path}/report").words


def test_a_follow_up_has_an_owner_and_a_day_and_gets_done(browser, path, bob):
    page = browser.submit_and_follow(
        f"{path}/review", f"{path}/follow-ups", text="Watch the disk", owner=str(bob.id), due_on="2026-12-24"
    )
    assert "Watch the disk Bob 2026-12-24 To do" in page.words
    page = browser.submit_and_follow(f"{path}/review", f"{path}/follow-ups/1", done="yes")
    assert "Watch the disk Bob 2026-12-24 Done" in page.words
    assert "- [x] Watch the disk, Bob, until 2026-12-24" in browser.client.get(f"{path}/report.md").text


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"text": " "}, "Say what is to be done."),
        ({"text": "x" * 501}, "Use at most 500 characters."),
        ({"text": "x", "due_on": "soon"}, "Not a valid date value."),
        ({"text": "x", "owner": "999"}, "Not a valid choice."),
    ],
)
def test_a_wrong_follow_up_is_refused(browser, path, given, message):
    answer = browser.submit(f"{path}/review", f"{path}/follow-ups", **given)
    assert answer.status_code == 422
    assert message in browser.read(answer).words


def test_a_follow_up_belongs_to_its_incident(browser, path, tell, alice):
    browser.submit(f"{path}/review", f"{path}/follow-ups", text="Ours")
    other = tell(service.create, title="Other", severity=Severity.LOW, actor=alice.actor)
    token = browser.get(f"{path}/review").form(f"{path}/review")["csrf_token"]
    for number in (f"/incidents/{other}/follow-ups/1", f"{path}/follow-ups/{10**12}"):
        assert browser.client.post(number, data={"done": "yes", "csrf_token": token}).status_code == 404


def test_the_markdown_shows_what_people_wrote_as_they_wrote_it(browser, path, app, incident_id):
    answer = browser.client.get(f"{path}/report.md")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="incident-{incident_id}.md"'
    assert answer.content_type == "text/markdown; charset=utf-8"
    assert answer.text.startswith(f"# Incident {incident_id}: \\<img src=x onerror=alert\\(1\\)\\>")
    with app.app_context():
        incident = queries.get(incident_id)
        text = export.markdown(incident, queries.timeline(incident_id), [], "Europe/Berlin")
    assert "CET" in text or "CEST" in text


def test_who_may_only_look_reads_the_review(log_in, vera, path):
    page = log_in(vera).get(f"{path}/review")
    assert "Not written yet." in page.words
    assert not any(form.get("action", "").startswith(path) for form in page.all("form"))
