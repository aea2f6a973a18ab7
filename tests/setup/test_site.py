"""The documentation as a site: it builds, and a link that leads nowhere stops it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path):
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    return tmp_path


def build(project):
    zensical = Path(sys.executable).with_name("zensical")
    return subprocess.run(
        [zensical, "build", "--strict"], cwd=project, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_site_has_every_page_and_finds_words_in_them(project):
    done = build(project)
    assert done.returncode == 0, done.stdout + done.stderr
    site = project / ".cache/site"
    pages = {page.relative_to(project / "docs") for page in (project / "docs").glob("**/*.md")}
    assert {page.relative_to(site) for page in site.glob("**/*.html")} >= {
        page.with_suffix(".html") for page in pages
    }
    pictures = {file.relative_to(project / "docs") for file in (project / "docs").glob("**/*.png")}
    assert pictures <= {file.relative_to(site) for file in site.glob("**/*.png")}
    found = json.loads((site / "search.json").read_text())
    assert "fingerprint" in json.dumps(found)


def test_links_that_lead_nowhere_stop_it(project):
    with (project / "docs/demo.md").open("a") as page:
        page.write("\n[A page](nowhere.md)\n\n[An anchor](glossary.md#nowhere)\n")
    done = build(project)
    assert done.returncode != 0
    assert "2 issues found" in done.stdout + done.stderr
