"""`make screenshots` pictures every page; the documentation shows some of the pictures."""

import re
from pathlib import Path

from tests.app.pages.endpoints import pages_of
from tools import pictured, screenshots


def test_every_page_is_pictured_and_no_picture_tells_of_the_machine_that_made_it(tmp_path: Path) -> None:
    app, pages = pictured.full(tmp_path, screenshots.INCIDENTS)
    assert str(tmp_path) not in str(app.config["SETTINGS"])
    find = app.url_map.bind("localhost")
    pictured_endpoints = {find.match(path.partition("?")[0])[0] for path in pages.all.values()}
    assert {rule.endpoint for rule in pages_of(app)} - pictured_endpoints == set()


def test_the_documentation_shows_each_kept_picture_and_each_is_of_a_page(tmp_path: Path) -> None:
    _, pages = pictured.full(tmp_path, screenshots.INCIDENTS)
    _, empty = pictured.empty(tmp_path)
    kept = {path.name for path in screenshots.SHOWN.iterdir()}
    texts = [
        path.read_text()
        for path in (screenshots.ROOT / "README.md", *screenshots.SHOWN.parent.glob("**/*.md"))
    ]
    assert {name for text in texts for name in re.findall(r"screenshots/([\w-]+\.png)", text)} == kept
    looks = [f"{size}-{theme}.png" for size in screenshots.SIZES for theme in screenshots.THEMES]
    assert kept <= {
        f"{name}-{look}" for name in {*pages.all, *empty.all, screenshots.CONFLICT} for look in looks
    }
