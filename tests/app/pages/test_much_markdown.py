"""A page formats so much Markdown and no more: nobody keeps it busy with comments."""

import pytest

from app.incidents import service
from app.severities import Severity
from app.web import markdown
from contract import limits

COMMENT = "*a* " * 90
SHOWN = "<em>a</em>"


@pytest.mark.parametrize("text", ["*a* " * 1001, "a" * (limits.TEXT + 1) + "*a*"])
def test_a_text_of_too_many_marks_is_shown_as_it_was_written(text):
    assert SHOWN not in markdown.render(text)
    assert "*a*" in markdown.render(text)


def test_what_is_shown_as_it_was_written_is_no_html():
    text = "<b>*\n" * markdown.MOST_WORK
    assert markdown.render(text).startswith("<p>&lt;b&gt;*<br>\n&lt;b&gt;*")


@pytest.mark.threat("T32")
def test_the_newest_comments_are_formatted_and_the_rest_is_shown_as_it_was_written(app, browser, tell, alice):
    incident_id = tell(service.create, title="Broken", severity=Severity.HIGH, actor=alice.actor)
    fit = markdown.MOST_OF_A_PAGE // markdown.work(COMMENT)
    with app.app_context():
        for _ in range(fit + 5):
            service.comment(incident_id, body=COMMENT.strip(), actor=alice.actor)
    page = browser.get(f"/incidents/{incident_id}").html
    said = page.split('<div class="said rich">')[1:]
    assert [SHOWN in comment for comment in said] == [True] * fit + [False] * 5
