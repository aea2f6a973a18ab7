"""The incident page: the story, the timeline, and every action with its refusals."""

from datetime import timedelta

import pytest

from app.database import transaction
from app.incidents import service
from app.records import timeline as records
from app.records.actors import SYSTEM
from app.records.entries import MailSent
from app.records.outbox import MailKind
from app.severities import Severity
from tests.app.pages import stories
from tests.app.pages.client import text


def timeline(page) -> list[str]:
    found = next(element for element in page.all("ol") if element.get("class") == "timeline")
    return [text(item) for item in found.findall("li")]


def test_it_tells_how_an_incident_was_repaired(browser, tell, settings, at):
    incident_id = tell(stories.healed, settings, at - timedelta(hours=1))
    page = browser.get(f"/incidents/{incident_id}")
    assert page.h1 == "Error rate of the shop API above 5 %: shop/api"
    assert page.title == "Error rate of the shop API above 5 %: shop/api · Resolved · OIMS"
    for expected in (
        "Repaired: restart_oims.yml on Deployment shop/api. The same alert cleared after 41 s",
        "Repaired and verified",
        "no person was needed",
        "+ 3 min 12 s",
        "Restart the rollout",
        "12.7 s",
        "kubectl.kubernetes.io/restartedAt",
        "runbook_url",
        "namespace=shop",
    ):
        assert expected in page.words


def test_mails_in_a_row_are_one_line_that_unfolds(browser, app, tell, at, alice):
    number = tell(stories.reported, alice, at)
    with app.app_context(), transaction():
        for name in ("Ada", "Grace", "Linus"):
            records.record(number, MailSent(mail_kind=MailKind.CREATED), SYSTEM, f"Mail sent to {name}.")
    page = browser.get(f"/incidents/{number}")
    (mails,) = [element for element in page.all("li") if element.get("class") == "folded"]
    assert "3 mails sent" in text(mails)
    assert all(f"Mail sent to {name}" in text(mails) for name in ("Ada", "Grace", "Linus"))


def test_it_gives_the_reason_why_automation_waits_in_a_sentence(browser, tell, settings, at):
    page = browser.get(f"/incidents/{tell(stories.waiting, settings, at)}")
    assert "Not run yet. The last run on Deployment shop/api was 3 min ago (cooldown 5 min)." in page.words
    assert any("Waiting The last run on Deployment shop/api" in item for item in timeline(page))


def test_it_gives_the_reason_why_automation_did_nothing(browser, tell, settings, at):
    page = browser.get(f"/incidents/{tell(stories.unnamed, settings, at)}")
    assert "Not run by automation. No remedy in the policy names DiskFilling." in page.words


def test_it_names_the_task_at_which_a_playbook_failed_and_that_people_were_called(
    browser, tell, settings, at
):
    page = browser.get(f"/incidents/{tell(stories.ineffective, settings, at)}")
    assert "The playbook failed at “Wait until ready”." in page.words
    assert "1 of 3 replicas ready after 60 s" in page.words
    assert any("Automation gave up and called for people" in event for event in timeline(page))


def test_it_opens_an_incident_by_hand(browser, bob):
    page = browser.submit_and_follow(
        "/incidents/new",
        title="Checkout fails",
        severity="critical",
        owner=str(bob.id),
        service="shop",
        description="Since noon.",
    )
    assert page.h1 == "Checkout fails"
    for expected in ("Critical", "Bob has it", "Since noon.", "Opened by Alice", "Reported by Alice."):
        assert expected in page.words


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("title", "  ", "Say what is wrong."),
        ("title", "x" * 201, "Use at most 200 characters."),
        ("severity", "apocalyptic", "Not a valid choice."),
        ("owner", "999", "Not a valid choice."),
        ("owner", "x", "Not a valid choice."),
        ("service", "x" * 81, "Use at most 80 characters."),
        ("description", "x" * 20_001, "Use at most 20,000 characters."),
    ],
)
def test_it_says_at_the_field_what_is_wrong_with_a_new_incident(browser, field, value, message):
    response = browser.submit("/incidents/new", **({"title": "Fine"} | {field: value}))
    assert response.status_code == 422
    page = browser.read(response)
    errors = [text(element) for element in page.tree.iter("p") if element.get("id") == f"{field}-error"]
    assert errors == [message]


def test_people_acknowledge_assign_comment_escalate_resolve_and_reopen(browser, tell, at, alice, bob):
    path = f"/incidents/{tell(stories.reported, alice, at)}"
    assert "Alice has it" in browser.submit_and_follow(path, f"{path}/acknowledge").words
    assert "Bob has it" in browser.submit_and_follow(path, f"{path}/assign", owner=str(bob.id)).words
    assert "Two<br />\nlines" in browser.submit_and_follow(path, f"{path}/comment", body="Two\nlines").html
    assert "Low" in browser.submit_and_follow(path, f"{path}/severity", severity="low").words
    assert "I am stuck" in browser.submit_and_follow(path, f"{path}/escalate", reason="I am stuck").words
    resolved = browser.submit_and_follow(path, f"{path}/resolve", reason="Pool enlarged")
    assert "Resolved by Alice: Pool enlarged" in resolved.words
    reopened = browser.submit_and_follow(path, f"{path}/reopen", reason="It came back")
    assert timeline(reopened)[0].endswith("Reopened by Alice It came back")


def test_it_offers_only_what_the_state_allows(browser, tell, settings, at):
    page = browser.get(f"/incidents/{tell(stories.healed, settings, at - timedelta(hours=1))}")
    actions = {
        form.get("action").rpartition("/")[2]
        for form in page.all("form")
        if "/incidents/" in (form.get("action") or "")
    }
    assert actions == {"reopen", "comment", "link", "details"}


@pytest.mark.parametrize(
    ("action", "values", "message"),
    [
        ("comment", {"body": "   "}, "Write something first."),
        ("comment", {"body": "x" * 20_001}, "Use at most 20,000 characters."),
        ("assign", {"owner": "999"}, "Not a valid choice."),
        ("severity", {"severity": "huge"}, "Not a valid choice."),
        ("resolve", {"reason": ""}, "still fires"),
        ("acknowledge", {"version": ""}, "Reload the page"),
        ("acknowledge", {"version": "x"}, "Reload the page"),
    ],
)
def test_it_says_what_is_wrong_with_an_action_and_keeps_the_page(
    browser, tell, settings, at, action, values, message
):
    path = f"/incidents/{tell(stories.waiting, settings, at)}"
    response = browser.submit(path, f"{path}/{action}", **values)
    assert response.status_code == 422
    page = browser.read(response)
    assert page.h1 == "The shop answers slowly"
    assert message in page.words
    live = next(element for element in page.tree.iter("div") if element.get("id") == "live")
    assert live.get("hx-get") == path


def test_the_second_of_two_people_sees_what_the_first_did_and_can_still_go_on(browser, tell, at, alice, bob):
    incident_id = tell(stories.reported, alice, at)
    path = f"/incidents/{incident_id}"
    seen = browser.get(path).form(f"{path}/resolve")
    tell(service.acknowledge, incident_id, actor=bob.actor)
    response = browser.client.post(f"{path}/resolve", data=seen | {"reason": "Restarted it"})
    assert response.status_code == 409
    page = browser.read(response)
    assert page.h1 == "Not saved: this incident has changed"
    assert any("Acknowledged by Bob" in item for item in timeline(page))
    assert "Restarted it" in page.words
    again = browser.client.post(f"{path}/resolve", data=page.form(f"{path}/resolve"))
    assert again.status_code == 303
    assert "Resolved by Alice: Restarted it" in browser.get(path).words


def test_it_does_not_offer_what_became_impossible(browser, tell, at, alice, bob):
    incident_id = tell(stories.reported, alice, at)
    path = f"/incidents/{incident_id}"
    seen = browser.get(path).form(f"{path}/acknowledge")
    tell(service.resolve, incident_id, actor=bob.actor)
    page = browser.read(browser.client.post(f"{path}/acknowledge", data=seen))
    assert "is now resolved" in page.words
    assert "anyway" not in page.words


def test_a_comment_never_conflicts(browser, tell, at, alice, bob):
    incident_id = tell(stories.reported, alice, at)
    path = f"/incidents/{incident_id}"
    seen = browser.get(path).form(f"{path}/comment")
    tell(service.acknowledge, incident_id, actor=bob.actor)
    assert browser.client.post(f"{path}/comment", data=seen | {"body": "Me too"}).status_code == 303


def test_a_viewer_sees_everything_and_changes_nothing(log_in, vera, tell, at, alice):
    path = f"/incidents/{tell(stories.reported, alice, at)}"
    browser = log_in(vera)
    page = browser.get(path)
    assert not [form for form in page.all("form") if (form.get("action") or "").startswith("/incidents/")]
    token = page.form("/logout")["csrf_token"]
    response = browser.client.post(f"{path}/acknowledge", data={"csrf_token": token, "version": "1"})
    assert response.status_code == 403
    assert "may look at everything" in browser.read(response).words


HOSTILE = [
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "javascript:alert(1)",
    "\x1b[31mred\x00",
    "\u202egnp.exe",
]


@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_text_stays_text_everywhere(browser, tell, settings, at, evil):
    def story():
        alert = stories.Alert(
            settings,
            evil,
            at,
            labels={evil: evil, "service": evil},
            annotations={"summary": evil, "description": evil, "runbook_url": evil, evil: evil},
        )
        alert.fires()
        alert.decided("run", evil, remedy=evil)
        alert.finished(
            "failed",
            9,
            tasks=[{"name": evil, "status": "failed", "message": evil}],
            output_tail=evil,
            verdict_detail=evil,
            evidence={"x": evil},
        )
        return alert.incident

    path = f"/incidents/{tell(story)}"
    browser.submit_and_follow(path, f"{path}/comment", body=evil)
    runs = [
        link.get("href")
        for link in browser.get(path).all("a")
        if (link.get("href") or "").startswith("/runs/")
    ]
    for address in ("/", path, "/automation", runs[0], "/?q=%3Cscript%3Ealert(1)%3C/script%3E"):
        page = browser.get(address)
        assert len(page.all("script")) == 4
        assert not page.all("img")
        assert "{{ 7 * 7 }}" in page.html or "49" not in page.h1


@pytest.mark.parametrize(
    ("url", "is_link"),
    [
        ("https://runbooks.example.org/a?b=c&d=e", True),
        ("http://10.0.0.1:9090/graph", True),
        ("javascript:alert(1)", False),
        ("JaVaScRiPt:alert(1)", False),
        ("data:text/html,<script>alert(1)</script>", False),
        ("//evil.example/", False),
        ("https://", False),
        ("http://[bad", False),
        ("https://a.example/ b", False),
        ("ftp://a.example/", False),
    ],
)
def test_only_web_addresses_become_links_and_they_cannot_reach_back(
    browser, tell, settings, at, url, is_link
):
    def story():
        return stories.Alert(settings, "Linked", at, annotations={"runbook_url": url}).fires()

    page = browser.get(f"/incidents/{tell(story)}")
    links = [link for link in page.all("a") if link.get("href") == url]
    assert bool(links) is is_link
    assert all("noopener" in link.get("rel") for link in links)


def test_the_live_part_of_an_incident_answers_304_until_something_happens(browser, tell, at, alice, bob):
    incident_id = tell(stories.reported, alice, at)
    path = f"/incidents/{incident_id}"
    live = next(element for element in browser.get(path).tree.iter("div") if element.get("id") == "live")
    headers = {"HX-Target": "live", "If-None-Match": live.get("data-etag")}
    assert browser.client.get(path, headers=headers).status_code == 304
    tell(service.change_severity, incident_id, severity=Severity.LOW, actor=bob.actor)
    changed = browser.client.get(path, headers=headers)
    assert changed.status_code == 200
    assert "csrf" not in changed.text
