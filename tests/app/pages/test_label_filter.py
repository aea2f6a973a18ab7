"""The list's filters: labels of any name, and what is not understood is told."""

from urllib.parse import urlencode

import pytest

from app.extensions import db
from app.incidents import queries, service
from app.records.actors import SYSTEM
from app.severities import Severity
from contract.matchers import Matcher, read
from tests.app.pages.test_incident_list import titles

LABELS = {"service.name": "käse", 'a "quoted" name': "x y", "🔥": "it's"}


@pytest.fixture
def opened(context):
    service.create(title="Named", severity=Severity.HIGH, labels=LABELS, actor=SYSTEM)
    service.create(title="Other", severity=Severity.HIGH, labels={"team": "b"}, actor=SYSTEM)
    db.session.commit()


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("service.name=käse", ["Named"]),
        ('"service.name"="käse"', ["Named"]),
        (str(Matcher(name='a "quoted" name', op="=", value="x y")), ["Named"]),
        ('"🔥"="it\'s"', ["Named"]),
        ("🔥!=x, team!=b", ["Named"]),
        ('team=""', ["Named"]),
        ("team=b", ["Other"]),
        ('"service.name"=x', []),
    ],
)
def test_a_label_of_any_name_is_found(browser, opened, label, expected):
    page = browser.get(f"/?{urlencode({'label': label})}")
    assert "not understood" not in page.words
    assert titles(page) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("service.name=käse", ["Named"]),
        ('{"service.name"="käse"}', ["Named"]),
        ('"it\'s"=x', []),
        ('"a \\"quoted\\" name"="x y", service.name=käse', ["Named"]),
        ("team=b, service.name=käse", []),
        ("team!=b", []),
        ("", ["Other", "Named"]),
        ("Oth", ["Other"]),
    ],
)
def test_a_search_finds_a_label_that_it_names(browser, opened, words, expected):
    assert sorted(titles(browser.get(f"/?{urlencode({'q': words})}"))) == sorted(expected)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (
            {"label": "team='shop'"},
            "The filter by label is not understood. Column 6: put the value in double quotes",
        ),
        ({"label": "team shop"}, "Column 6"),
        ({"label": "team=~s.*"}, "takes = and != only"),
        ({"severity": "awful"}, "The filter severity=awful is not understood"),
        ({"since": "yesterday"}, "The filter since=yesterday is not understood"),
    ],
)
def test_a_filter_that_is_not_understood_says_so(browser, opened, query, words):
    assert words in browser.get(f"/?{urlencode(query)}").words


class TestOnBothDatabases:
    @pytest.fixture
    def database_url(self, any_database_url):
        return any_database_url

    @pytest.mark.usefixtures("opened")
    def test_labels_of_any_name_are_found(self):
        for name, value in LABELS.items():
            wanted = queries.Filters(matchers=[Matcher(name=name, op="=", value=value)])
            assert [incident.title for incident in queries.page(wanted).items] == ["Named"]
        assert queries.count(queries.Filters(matchers=read("team!=b", may_match_empty=True))) == 1
