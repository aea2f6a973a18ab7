"""The page of numbers, and its tables as CSV."""

from datetime import timedelta

import pytest

from tests.app.pages import stories


def test_an_empty_install_has_a_page_of_numbers(browser):
    page = browser.get("/numbers")
    assert page.h1 == "Numbers"
    assert "Automation started 0 runs." in page.words


def test_the_page_tells_figures_charts_and_tables(browser, tell, settings, alice, at):
    tell(stories.healed, settings, at - timedelta(hours=1))
    tell(stories.ineffective, settings, at - timedelta(hours=2))
    tell(stories.reported, alice, at - timedelta(hours=3))
    page = browser.get("/numbers?period=30d")
    for expected in ("Automation started 2 runs. 1 verified", "ShopErrors", "All attempts were used up"):
        assert expected in page.words
    for picture in page.all("svg"):
        assert picture.find("title") is not None
        assert picture.find("desc").text
    assert [link.get("href") for link in page.all("a") if link.get("aria-current") == "page"] == [
        "/numbers",
        "/numbers?period=30d",
    ]


@pytest.mark.parametrize("name", ["times", "days", "skipped", "alerts", "flapping", "owners"])
def test_each_table_comes_as_csv(browser, name):
    response = browser.client.get(f"/numbers/{name}.csv?period=90d")
    assert response.status_code == 200
    assert response.content_type == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == f'attachment; filename="oims-{name}-90d.csv"'
    assert "," in response.text


def test_there_is_no_other_table(browser):
    browser.get("/numbers/users.csv", 404)
