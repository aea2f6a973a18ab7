"""Make docs/screenshots: every page from demo data, wide and phone, light and dark.

usage: OIMS_CHROMIUM=/path/of/chromium python -m tools.screenshots
Fails when a picture is larger than MOST_BYTES.
"""

import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Literal

import flask_migrate
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright
from werkzeug.serving import make_server

from app import create_app, demo_data, logs
from app.accounts import service
from app.accounts.models import Role, UserStatus
from app.clock import now
from app.config import Settings
from app.extensions import db
from app.incidents.actors import Actor, ActorKind
from app.incidents.models import Incident, Verdict
from app.maintenance import service as maintenance
from app.remediation import service as remediation
from app.remediation.schemas import HeartbeatReport

FOLDER = Path(__file__).parents[1] / "docs" / "screenshots"
SIZES: dict[str, ViewportSize] = {
    "wide": {"width": 1000, "height": 560},
    "phone": {"width": 380, "height": 780},
}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
MOST_BYTES = 120 * 1024
INCIDENTS = 400
EMAIL, PASSWORD = "you@example.org", "five quiet pictures"
MODES = ("auto", "approve", "shadow")


def plan() -> None:
    """Plan maintenance: now, and each week."""
    by = Actor(ActorKind.SYSTEM, "Nora")
    start = now().replace(minute=0, second=0)
    for why, matcher, hours, weeks in (
        ("Moving the shop's database", "service=shop", 2, 0),
        ("Backups", "job=backup", 1, 8),
    ):
        maintenance.plan(
            comment=why,
            matchers=matcher,
            starts_at=start,
            ends_at=start + timedelta(hours=hours),
            until=start + timedelta(weeks=weeks) if weeks else None,
            actor=by,
        )


def heartbeat() -> None:
    """Report the automation as armed, with a few of the demo data's remedies."""
    remedies = [
        {
            "name": f"{name.capitalize()}Errors",
            "alert": f"{name.capitalize()}Errors",
            "playbook": "restart_oims.yml",
            "mode": MODES[place % len(MODES)],
            "target": {"kind": "Deployment", "namespace": name, "name": "api"},
            "runs_left_hour": 3 - place % 2,
        }
        for place, name in enumerate(demo_data.SERVICES)
    ]
    report = {"instance": "ops-1", "version": "0.1.0", "location": "host", "paused": False, "last_seq": 800}
    remediation.take_heartbeat(
        HeartbeatReport.model_validate(report | {"lag_s": 0.2, "remedies": remedies, "sent_at": now()})
    )


@contextmanager
def site(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Run the app on demo data; yield its address and the pages to show."""
    settings = Settings(
        database_url=f"sqlite:///{folder}/site.db", secret_key="s" * 32, smtp_host="mail.example.org"
    )
    app = create_app(settings)
    with app.app_context():
        flask_migrate.upgrade()
        demo_data.make(INCIDENTS)
        service.register(
            email=EMAIL, name="You", password=PASSWORD, status=UserStatus.ACTIVE, role=Role.ADMIN
        )
        heartbeat()
        plan()
        healed = db.session.query(Incident.id).filter(Incident.verdict == Verdict.VERIFIED)
        number = healed.order_by(Incident.id.desc()).limit(1).scalar()
        remedy = db.session.get_one(Incident, number).alertname
    pages = {
        "incidents": "/",
        "incident": f"/incidents/{number}",
        "automation": "/automation",
        "remedy": f"/automation/remedies/{remedy}",
        "run": f"/runs/run-{number}",
        "numbers": "/numbers?period=30d",
        "new-incident": "/incidents/new",
        "review": f"/incidents/{number}/review",
        "report": f"/incidents/{number}/report",
        "maintenance": "/maintenance",
        "profile": "/profile",
        "profile-mails": "/profile/mails",
        "profile-tokens": "/profile/tokens",
        "people": "/admin/people",
        "tokens": "/admin/tokens",
        "mails": "/admin/mails",
        "audit": "/admin/audit",
        "settings": "/admin/settings",
        "first-steps": "/admin/first-steps",
        "reference": "/reference",
        "not-found": "/incidents/999999",
    }
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", pages
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def log_in(page: Page) -> None:
    """Log in as the one who looks."""
    page.goto("/login")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/")


def shoot(browser: Browser, address: str, pages: dict[str, str]) -> list[Path]:
    """Write all pictures; return those that are too large."""
    taken = []
    for size, viewport in SIZES.items():
        for theme in THEMES:
            context = browser.new_context(
                base_url=address, viewport=viewport, color_scheme=theme, reduced_motion="reduce"
            )
            context.set_default_timeout(60_000)
            page = context.new_page()
            taken.append(picture(page, "/login", f"login-{size}-{theme}"))
            log_in(page)
            taken += [picture(page, path, f"{name}-{size}-{theme}") for name, path in pages.items()]
            context.close()
    return [target for target in taken if target.stat().st_size > MOST_BYTES]


def picture(page: Page, path: str, name: str) -> Path:
    """Write one picture."""
    page.goto(path)
    target = FOLDER / f"{name}.png"
    page.screenshot(path=target)
    sys.stdout.write(f"{target.name}: {target.stat().st_size // 1024} KB\n")
    return target


def main() -> int:
    """Make the pictures; return 1 when one is too large."""
    logs.configure("ERROR")
    logging.getLogger("werkzeug").setLevel("ERROR")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        site(Path(folder)) as (address, pages),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=os.environ["OIMS_CHROMIUM"],
            args=["--no-sandbox", "--disable-gpu", "--disable-lcd-text"],
        )
        large = shoot(browser, address, pages)
        browser.close()
    for path in large:
        sys.stderr.write(f"{path.name} is larger than {MOST_BYTES // 1024} KB: show less of the page.\n")
    return int(bool(large))


if __name__ == "__main__":
    sys.exit(main())
