"""Every page is pictured in the docs: wide and phone, light and dark."""

from pathlib import Path

from tests.app.pages.endpoints import pages_of
from tools import pictured, screenshots


def test_every_page_is_pictured_and_no_picture_tells_of_the_machine_that_made_it(tmp_path: Path) -> None:
    app, pages = pictured.full(tmp_path, screenshots.INCIDENTS)
    assert str(tmp_path) not in str(app.config["SETTINGS"])
    _, empty = pictured.empty(tmp_path)
    find = app.url_map.bind("localhost")
    pictured_endpoints = {find.match(path.partition("?")[0])[0] for path in pages.all.values()}
    assert {rule.endpoint for rule in pages_of(app)} - pictured_endpoints == set()
    names = {*pages.all, *empty.all, screenshots.CONFLICT}
    expected = {
        f"{name}-{size}-{theme}.png"
        for name in names
        for size in screenshots.SIZES
        for theme in screenshots.THEMES
    }
    assert {path.name for path in screenshots.FOLDER.iterdir()} == expected
