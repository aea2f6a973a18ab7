"""Web push in a real browser: the service worker shows what is pushed, and the app can be installed."""

import json

from app.contacts import web_push
from app.database import transaction
from tests.waiting import until

# The headless shell has no place to show notifications: what the worker would show is kept instead.
KEEP = """() => {
  self.kept = [];
  self.registration.showNotification = async (title, options) => {
    self.kept.push([title, options.body, options.data.url]);
  };
}"""


def keys():
    with transaction():
        web_push.make_keys()


def deliver(page, words):
    """Hand a message to the service worker as a push service would."""
    session = page.context.new_cdp_session(page)
    found = []
    session.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    session.send("ServiceWorker.enable")
    page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    origin = page.evaluate("location.origin")
    session.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": origin, "registrationId": found[-1]["registrationId"], "data": json.dumps(words)},
    )


def test_the_browser_shows_what_is_pushed(log_in, site, root):
    site.tell(keys)
    page = log_in(root)
    page.context.grant_permissions(["notifications"], origin=site.url)
    page.goto("/profile/contact")
    assert page.get_by_role("button", name="Use this browser").is_visible()
    page.evaluate("navigator.serviceWorker.register('/sw.js')")
    (worker,) = until(lambda: page.context.service_workers)
    worker.evaluate(KEEP)
    deliver(page, {"title": "Checkout is down", "body": "Nobody has it.", "url": f"{site.url}/", "tag": "1"})
    shown = until(lambda: worker.evaluate("self.kept"))
    assert shown == [["Checkout is down", "Nobody has it.", f"{site.url}/"]]


def test_the_app_can_be_installed(log_in, root):
    page = log_in(root)
    page.goto("/")
    session = page.context.new_cdp_session(page)
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert json.loads(manifest["data"])["display"] == "standalone"
