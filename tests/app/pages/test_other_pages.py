"""Automation, runs, patterns and the error pages."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from app.automation import control
from app.database import Base
from app.extensions import db
from app.incidents import overview
from tests.app.pages import stories
from tests.app.pages.alerts import Alert

ROOT = Path(__file__).parents[3]


def test_the_automation_page_says_what_to_do_when_nothing_has_reported(browser):
    page = browser.get("/automation")
    assert page.h1 == "Automation has not reported yet"
    assert "scripts/monitor_alerts.sh" in page.words


def test_the_automation_page_shows_remedies_runs_and_reasons(browser, app, tell, settings, at):
    tell(stories.healed, settings, at - timedelta(hours=1))
    tell(stories.unnamed, settings, at)
    with app.app_context():
        stories.heartbeat()
    page = browser.get("/automation")
    assert page.h1 == "Automation is armed"
    for expected in (
        "shop-errors",
        "ShopErrors",
        "Automatic",
        "Asks first",
        "Verified",
        "never run",
        "Succeeded",
        "No remedy in the policy names DiskFilling.",
    ):
        assert expected in page.words


def test_the_automation_page_tells_silence_and_pause(browser, app, alice, at):
    with app.app_context():
        stories.heartbeat()
        control.pause(actor=alice.actor)
    assert browser.get("/automation").h1 == "Automation is paused"
    with time_machine.travel(at + timedelta(minutes=5, seconds=30)):
        page = browser.get("/automation")
        assert page.h1 == "Automation is silent"
        assert "last heard 5 min ago" in page.words


def test_a_run_page_shows_tasks_output_verdict_and_the_command_for_hands(browser, tell, settings, at):
    incident_id = tell(stories.healed, settings, at - timedelta(hours=1))
    page = browser.get(f"/incidents/{incident_id}")
    address = next(
        link.get("href") for link in page.all("a") if (link.get("href") or "").startswith("/runs/")
    )
    run = browser.get(address)
    assert run.h1 == "restart_oims.yml on Deployment shop/api"
    for expected in (
        "Succeeded",
        "Wait until ready",
        "ansible-playbook restart_oims.yml",
        "--check",
        "ready_replicas",
    ):
        assert expected in run.words


def ended(settings, at, state, **fields):
    """An alert whose run ended in some way."""
    alert = Alert(settings, "ShardsLost", at, labels={"severity": "high"}, annotations={})
    alert.fires()
    alert.decided("run", "Attempt 1 of 2.")
    alert.finished(state, 20, **fields)
    return alert.incident


def run_page(browser, incident_id):
    links = [link.get("href") or "" for link in browser.get(f"/incidents/{incident_id}").all("a")]
    return browser.get(next(link for link in links if link.startswith("/runs/")))


def test_a_run_page_says_what_is_cut_and_where_each_task_ran(browser, tell, settings, at):
    tasks = [
        {"number": 1, "host": "web-1", "name": "Look", "status": "ok"},
        {"number": 2, "host": "web-2", "name": "Look", "status": "rescued"},
        {"number": 900, "host": "web-2", "name": "Wait", "status": "unfinished"},
    ]
    cut = "First 2 and last 1 of 900 tasks; failed ones are always kept."
    detail = "It had begun and not ended “Wait” on web-2."
    incident_id = tell(ended, settings, at, "timed_out", tasks=tasks, tasks_cut=cut, detail=detail)
    words = run_page(browser, incident_id).words
    for expected in (cut, detail, "897 tasks left out", "on web-1", "failed, rescued", "not finished"):
        assert expected in words
    assert "Tasks on 2 hosts" in browser.get(f"/incidents/{incident_id}").words


def test_a_run_that_did_nothing_is_not_shown_as_a_repair(browser, tell, settings, at):
    detail = "It did nothing: every task was skipped."
    incident_id = tell(ended, settings, at, "succeeded", reason="nothing_done", detail=detail, tasks=[])
    words = browser.get(f"/incidents/{incident_id}").words
    assert detail in words
    assert "Repair did nothing" in browser.get("/?state=all").words
    assert "Now checking" not in words
    assert "Did nothing" in run_page(browser, incident_id).words


def test_the_patterns_page_keeps_the_house_rules(browser):
    assert browser.get("/patterns").h1 == "Patterns"


@pytest.mark.parametrize(
    "path", ["/nothing", "/incidents/999", "/incidents/999999999999", "/runs/none", "/incidents/-1"]
)
def test_what_is_not_there_is_told_calmly_with_the_request_id(browser, path):
    page = browser.get(path, 404)
    assert page.h1 == "Not found"
    assert re.search(r"Status 404 · request id [0-9a-f]{16}", page.words)


def test_a_wrong_method_gets_a_page(browser):
    assert (
        "Status 405"
        in browser.read(browser.client.post("/automation", data=browser.get("/").form("/logout"))).words
    )


def test_a_body_that_is_too_large_gets_a_page(browser):
    response = browser.client.post("/incidents/new", data={"title": "x" * 1_100_000})
    assert response.status_code == 413
    assert "larger than 1 MiB" in browser.read(response).words


def test_too_many_failed_logins_get_a_page_that_asks_to_wait(stranger, alice):
    for _ in range(50):
        response = stranger.submit("/login", email=alice.email, password="wrong")
        if response.status_code == 429:
            break
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    assert "Status 429" in stranger.read(response).words


@pytest.mark.fault("F17")
def test_a_database_that_is_gone_gets_a_page_that_says_nothing_was_changed(browser, app):
    with app.app_context():
        Base.metadata.drop_all(db.engine)
    page = browser.get("/incidents/1", 503)
    assert "Nothing was changed" in page.words
    assert "no such table" not in page.html


def test_a_defect_gets_a_page_without_its_details(browser, app, monkeypatch):
    def broken() -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(overview, "count", broken)
    page = browser.get("/", 500)
    assert page.h1 == "Something failed on our side"
    assert "secret" not in page.html


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_every_text_and_background_pair_can_be_read_in_both_themes():
    css = (ROOT / "app/web/static/tokens.css").read_text()
    tokens = {
        name: (light, dark)
        for name, light, dark in re.findall(r"--([a-z-]+): light-dark\((#\w+), (#\w+)\)", css)
    }
    pairs = [(name, f"{name}-bg") for name in tokens if f"{name}-bg" in tokens]
    pairs += [(name, ground) for name in ("text", "muted", "accent") for ground in ("bg", "panel")]
    assert len(pairs) == 13
    for theme in (0, 1):
        for text, ground in pairs:
            lighter, darker = sorted(
                (luminance(tokens[text][theme]), luminance(tokens[ground][theme])), reverse=True
            )
            assert (lighter + 0.05) / (darker + 0.05) >= 5.6, (text, ground, theme)


def test_colours_are_written_in_one_place_only():
    for name in ("app.css", "incidents.css"):
        css = re.sub(r"url\([^)]*\)", "", (ROOT / "app/web/static" / name).read_text())
        assert re.findall(r"#[0-9a-f]{3,8}\b", css) == []


def test_vendored_files_are_the_published_ones():
    import hashlib  # noqa: PLC0415

    for folder in (ROOT / "app/web/static/vendor", ROOT / "tests/browser/vendor"):
        lines = [line for line in (folder / "VERSIONS").read_text().splitlines() if not line.startswith("#")]
        for line in lines:
            digest, name = line.split()
            assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
        files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        assert files == {line.split()[1] for line in lines} | {"VERSIONS"}
