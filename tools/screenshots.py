"""Make .cache/screenshots: every page from demo data, wide and phone, light and dark.

The few that the documentation shows also go to docs/screenshots.

usage: OIMS_CHROMIUM=/path/of/chromium python -m tools.screenshots [NAME...]
With names it makes only those, as in `two-step`.
Fails when a picture is larger than MOST_BYTES.
"""

import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from app import logs
from tools import pictured
from tools.pictured import Pages

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".cache" / "screenshots"
SHOWN = ROOT / "docs" / "screenshots"
"""What is there is made anew; a picture that a page shall show for the first time is copied by hand."""
SIZES: dict[str, ViewportSize] = {
    "wide": {"width": 1280, "height": 720},
    "phone": {"width": 380, "height": 780},
}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
MOST_BYTES = 160 * 1024
INCIDENTS = 400
CONFLICT = "conflict"
"""The page that follows when somebody else was faster; no address leads there."""


def log_in(page: Page, email: str) -> None:
    """Log in as the one who looks."""
    page.goto("/login")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(pictured.PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(lambda url: not url.endswith("/login"))


def take_second_step(page: Page, code: str) -> None:
    """Prove the second factor, once the password was given."""
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/")


def shoot(browser: Browser, app: Flask, pages: Pages, names: Collection[str]) -> Iterator[Path]:
    """Write the pictures of an installation: those of these names, or all."""
    codes = iter(pages.codes)
    with pictured.serving(app) as address:
        for size, viewport in SIZES.items():
            for theme in THEMES:
                for reader, everything in (
                    ("", pages.public),
                    (pictured.ADMIN, pages.admin),
                    (pictured.VIEWER, pages.viewer),
                    (pictured.CAREFUL, pages.halfway),
                    (pictured.CAREFUL, pages.careful),
                ):
                    seen = {name: path for name, path in everything.items() if not names or name in names}
                    if not seen:
                        continue
                    context = browser.new_context(
                        base_url=address, viewport=viewport, color_scheme=theme, reduced_motion="reduce"
                    )
                    code = next(codes) if everything is pages.careful else ""
                    yield from pictures(context, reader, code, seen, f"{size}-{theme}")
                    context.close()


def pictures(
    context: BrowserContext, reader: str, code: str, pages: dict[str, str], look: str
) -> Iterator[Path]:
    """Write what one reader sees; nobody is logged in when it is empty. ``code`` takes the second step."""
    context.set_default_timeout(60_000)
    page = context.new_page()
    if reader:
        log_in(page, reader)
    if code:
        take_second_step(page, code)
    for name, path in pages.items():
        page.goto(path)
        yield picture(page, f"{name}-{look}")
    if "incident-open" in pages:
        be_late(page, pages["incident-open"])
        yield picture(page, f"{CONFLICT}-{look}")


def be_late(page: Page, path: str) -> None:
    """Acknowledge an incident on the ground of another version of it; nothing is changed."""
    page.goto(path)
    page.evaluate(
        "for (const [name, value] of [['version', 999], ['seen', 0]])"
        "  for (const field of document.getElementsByName(name)) field.value = value"
    )
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_role("heading", name="Not saved").wait_for()


def picture(page: Page, name: str) -> Path:
    """Write one picture."""
    target = FOLDER / f"{name}.png"
    page.wait_for_load_state("networkidle")  # parts of a page are fetched after it
    page.screenshot(path=target)
    if (SHOWN / target.name).exists():
        shutil.copy(target, SHOWN)
    sys.stdout.write(f"{target.name}: {target.stat().st_size // 1024} KB\n")
    return target


def main() -> int:
    """Make the pictures; return 1 when one is too large."""
    logs.configure("ERROR")
    logging.getLogger("werkzeug").setLevel("ERROR")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ["OIMS_CHROMIUM"],
            args=["--no-sandbox", "--disable-gpu", "--disable-lcd-text"],
        )
        full, empty = pictured.full(Path(folder), INCIDENTS), pictured.empty(Path(folder))
        with pictured.measured(*full, Path(folder) / "prometheus"):
            names = sys.argv[1:]
            taken = [*shoot(browser, *full, names), *shoot(browser, *empty, names)]
        browser.close()
    large = [path for path in taken if path.stat().st_size > MOST_BYTES]
    for path in large:
        sys.stderr.write(f"{path.name} is larger than {MOST_BYTES // 1024} KB: show less of the page.\n")
    return int(bool(large))


if __name__ == "__main__":
    sys.exit(main())
