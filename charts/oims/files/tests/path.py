# ruff: noqa: INP001 - a script in a pod, no package
"""What the pods of `helm test` run: one step of the path of an alert, asked from inside the cluster.

usage: python path.py STEP     STEP: health, login, refusal, round-trip
"""

import http.cookiejar
import json
import os
import re
import secrets
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

DEADLINE_S = 60
APP = os.environ["OIMS_TEST_APP_URL"]
WEBHOOK = os.environ["OIMS_TEST_WEBHOOK_URL"]
SECRETS = Path("/etc/oims/test")


class StepFailedError(Exception):
    """A step did not go as it must; the message says what was seen."""


def secret(name: str) -> str:
    """Return a mounted secret."""
    return (SECRETS / name).read_text(encoding="utf-8").strip()


def call(url: str, *, body: object = None, token: str | None = None) -> tuple[int, str]:
    """Send a request, JSON if there is a body; return status and text."""
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 - addresses of this release
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")


def expect(what: str, seen: object, wanted: object) -> None:
    """Fail unless what was seen is what was wanted."""
    if seen != wanted:
        raise StepFailedError(f"{what}: {seen}, expected {wanted}")


def health() -> None:
    """See that app and webhook live and are ready."""
    for url in (APP, WEBHOOK):
        for path in ("/healthz", "/readyz"):
            expect(f"{url}{path}", call(url + path)[0], 200)


def login() -> None:
    """See a wrong password open nothing, and the first administrator's no page but the one that changes it.

    Once it has been changed, or has ended after a day, it opens nothing either: that is as it must be.
    """
    for password, opens in ((secrets.token_urlsafe(), False), (secret("admin-password"), True)):
        place, status = log_in(password)
        if opens and place != "/login":
            expect("the page that the initial password opens", place, "/profile/password")
        else:
            expect("a log-in that must be refused", (place, status), ("/login", 422))
        if opens and place == "/login":
            sys.stdout.write("the initial password has been changed or has ended: it opens nothing\n")


def log_in(password: str) -> tuple[str, int]:
    """Send the log-in form as a browser does; return the last page's path and status."""
    # The app's cookies are for HTTPS where its published address is, also when it is called without inside.
    policy = http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https"))
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar(policy))
    opener = urllib.request.build_opener(cookies)
    opener.addheaders = [("Referer", f"{APP}/login")]
    page = opener.open(f"{APP}/login", timeout=10).read().decode()
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    if token is None:
        raise StepFailedError(f"{APP}/login has no log-in form")
    form = {"csrf_token": token[1], "email": os.environ["OIMS_TEST_ADMIN_EMAIL"], "password": password}
    try:
        answer = opener.open(f"{APP}/login", data=urllib.parse.urlencode(form).encode(), timeout=20)
    except urllib.error.HTTPError as error:
        return "/login", error.code
    return urllib.parse.urlsplit(answer.geturl()).path, answer.status


def refusal() -> None:
    """See the webhook take nothing from a stranger, and give nothing to one."""
    alerts = {"alerts": [{"status": "firing", "labels": {"alertname": "Stranger"}}]}
    expect("an alert without a token", call(f"{WEBHOOK}/", body=alerts)[0], 401)
    expect("an alert with a wrong token", call(f"{WEBHOOK}/", body=alerts, token=secrets.token_hex())[0], 401)
    expect("events without a token", call(f"{WEBHOOK}/events")[0], 401)


def round_trip() -> None:
    """See an alert become an incident, and its end resolve it; by the alert's name, nobody is called."""
    labels = {"alertname": "HelmTest", "severity": "low", "probe": secrets.token_hex(8)}
    for status, state in (("firing", "open"), ("resolved", "resolved")):
        answer = call(
            f"{WEBHOOK}/", body={"alerts": [{"status": status, "labels": labels}]}, token=secret("token")
        )
        expect(f"the alert, {status}", answer[0], 200)
        deadline = time.monotonic() + DEADLINE_S
        while (seen := incident_state(labels["probe"])) != state:
            if time.monotonic() > deadline:
                raise StepFailedError(f"{DEADLINE_S} s after the alert was {status} its incident is {seen}")
            time.sleep(1)


def incident_state(probe: str) -> str | None:
    """Return the state of the incident of our alert, None while there is none."""
    status, text = call(f"{APP}/api/v1/incidents?limit=100", token=secret("automation-token"))
    expect("the list of incidents", status, 200)
    found = [
        item["state"] for item in json.loads(text)["items"] if (item["labels"] or {}).get("probe") == probe
    ]
    return found[0] if found else None


STEPS = {"health": health, "login": login, "refusal": refusal, "round-trip": round_trip}


def main() -> int:
    """Run the named step."""
    if len(sys.argv) != 2 or sys.argv[1] not in STEPS:  # noqa: PLR2004 - the program and its step
        sys.stderr.write(f"usage: path.py STEP, one of {', '.join(STEPS)}\n")
        return 2
    try:
        STEPS[sys.argv[1]]()
    except (StepFailedError, OSError) as error:
        sys.stderr.write(f"FAILED {sys.argv[1]}: {error}\n")
        return 1
    sys.stdout.write(f"ok {sys.argv[1]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
