"""Every command, as a person types it."""

import functools
import json
import os
import pty
import re
import shlex
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.app.server import Server
from tests.cli.conftest import OIMS

type Oims = Callable[..., subprocess.CompletedProcess[str]]
type Made = Callable[..., dict[str, Any]]


def test_an_incident_is_opened_worked_on_and_closed(oims: Oims) -> None:
    opened = oims("create", "Disk full", "--severity", "high", "--label", "disk=sda", "--service", "shop")
    assert opened.returncode == 0, opened.stderr
    found = re.match(r"Incident (\d+) is opened: http://\S+/incidents/\1\n$", opened.stdout)
    assert found is not None
    number = found[1]
    for arguments, expected in (
        (("ack", number), "is acknowledged"),
        (("assign", number, "alice@example.org"), "belongs to Alice"),
        (("severity", number, "low"), "has the severity low"),
        (("comment", number, "Looking at it."), "has your comment"),
        (("escalate", number, "--reason", "Need hands."), "is escalated"),
        (("resolve", number, "--reason", "Freed 20 GB."), "is resolved"),
        (("reopen", number), "is open again"),
        (("assign", number, "nobody"), "belongs to nobody"),
    ):
        done = oims(*arguments)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith(f"Incident {number} {expected}: http")
    shown = oims("show", number).stdout
    for expected in ("Disk full", "disk=sda", "Looking at it.", "Resolved by cli: Freed 20 GB.", "Service:"):
        assert expected in shown


def test_several_are_taken_at_once(oims: Oims, made: Made) -> None:
    numbers = [str(made(f"Many {number}")["id"]) for number in range(3)]
    lines = oims("ack", *numbers, "--json").stdout.splitlines()
    assert [(str(one["id"]), one["state"]) for one in map(json.loads, lines)] == [
        (number, "acknowledged") for number in numbers
    ]


def test_the_list_shows_what_is_not_resolved_and_can_be_narrowed(oims: Oims, made: Made) -> None:
    made("Narrow one", severity="critical")
    made("Narrow two", severity="low")
    done = made("Narrow done")
    assert oims("resolve", str(done["id"])).returncode == 0

    def titles(*arguments: str) -> list[str]:
        found = json.loads(oims("list", "--json", "--search", "narrow", *arguments).stdout)
        return [incident["title"] for incident in found]

    assert titles() == ["Narrow two", "Narrow one"]
    assert titles("--all") == ["Narrow done", "Narrow two", "Narrow one"]
    assert titles("--state", "resolved") == ["Narrow done"]
    assert titles("--severity", "critical", "--severity", "low") == ["Narrow two", "Narrow one"]
    assert titles("--limit", "1") == ["Narrow two"]
    assert titles("--source", "alert") == []
    table = oims("list", "--search", "narrow").stdout.splitlines()
    assert table[0].split() == ["ID", "STATE", "SEVERITY", "OWNER", "AGE", "AUTOMATION", "TITLE"]
    assert [line.split()[1:3] for line in table[1:]] == [["open", "low"], ["open", "critical"]]
    assert len({line.index("Narrow") for line in table[1:]}) == 1
    assert oims("list", "--search", "nothing like it").stdout == "No such incidents.\n"


def test_a_list_longer_than_one_part_comes_whole(oims: Oims, made: Made) -> None:
    for number in range(205):
        made(f"Part {number}")
    found = json.loads(oims("list", "--json", "--limit", "500", "--search", "part").stdout)
    assert [one["title"] for one in found] == [f"Part {number}" for number in reversed(range(205))]


def test_text_is_read_from_stdin(oims: Oims, made: Made) -> None:
    number = str(made("Piped")["id"])
    assert oims("comment", number, "-", typed="First line\nsecond line\n").returncode == 0
    timeline = json.loads(oims("show", number, "--json").stdout)["timeline"]
    assert timeline[-1]["data"]["body"] == "First line\nsecond line"


def test_users_runs_and_the_token_are_shown(oims: Oims) -> None:
    assert re.search(r"^\d+ +responder +active +Alice$", oims("users").stdout, re.MULTILINE)
    assert oims("runs").stdout == "No such runs.\n"
    assert json.loads(oims("runs", "--json").stdout) == []
    assert oims("whoami").stdout == "cli: write; acts for no user; expires never\n"


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_maintenance_is_planned_shown_and_ended_in_the_zone_of_the_machine(oims: Oims, zone: str) -> None:
    start = datetime.now(ZoneInfo(zone)).replace(microsecond=0) + timedelta(hours=1)
    end = start + timedelta(hours=2)
    oims = functools.partial(oims, TZ=zone)
    planned = oims(
        *("maintenance", "plan", "New disks", "--match", "service=shop", "--for", "2h"),
        *("--from", f"{start:%Y-%m-%dT%H:%M:%S}"),
    )
    assert planned.returncode == 0, planned.stderr
    assert planned.stdout.endswith(f"is planned: New disks ({start:%F %T %:z} to {end:%F %T %:z}, {zone})\n")
    shown = oims("maintenance", "list").stdout.splitlines()
    expected = f"no {start:%F %T %:z} {end:%F %T %:z} no service=shop New disks"
    assert shown[1].split(maxsplit=1)[1].split() == expected.split()
    (window,) = json.loads(oims("maintenance", "list", "--json").stdout)
    assert (window["comment"], window["weekly"]) == ("New disks", False)
    assert "is over: New disks" in oims("maintenance", "end", str(window["id"])).stdout
    assert oims("maintenance", "list").stdout == "No maintenance.\n"
    assert "New disks" in oims("maintenance", "list", "--all").stdout
    assert oims("maintenance", "end", str(window["id"])).returncode == 1


def test_weekly_maintenance_keeps_to_the_clock_of_its_zone(oims: Oims) -> None:
    day = datetime.now(UTC) + timedelta(days=1)
    planned = oims(
        *("maintenance", "plan", "Backups", "--match", "job=backup", "--match", "severity!=critical"),
        *("--from", f"{day:%F}T02:00", "--to", f"{day:%F}T03:00", "--json"),
        *("--weekly-until", f"{day + timedelta(days=60):%F}", "--zone", "Europe/Berlin"),
    )
    window = json.loads(planned.stdout)
    assert (window["weekly"], window["zone"], len(window["matchers"])) == (True, "Europe/Berlin", 2)
    assert oims("maintenance", "end", str(window["id"])).returncode == 0


def test_times_belong_to_the_zone_that_is_given(oims: Oims) -> None:
    day = datetime.now(UTC) + timedelta(days=2)
    arguments = (
        *("maintenance", "plan", "Night", "--match", "job=x", "--from", f"{day:%F}T22:00", "--for", "8h"),
        *("--weekly-until", f"{day + timedelta(days=60):%F}"),
    )
    berlin = functools.partial(oims, TZ="UTC")(*arguments, "--zone", "Europe/Berlin", "--json")
    start = datetime.fromisoformat(json.loads(berlin.stdout)["starts_at"]).astimezone(
        ZoneInfo("Europe/Berlin")
    )
    assert (start.hour, json.loads(berlin.stdout)["zone"]) == (22, "Europe/Berlin")
    own = json.loads(functools.partial(oims, TZ="Asia/Kathmandu")(*arguments, "--json").stdout)
    assert (own["starts_at"][11:16], own["zone"]) == ("16:15", "Asia/Kathmandu")
    for window in (json.loads(berlin.stdout), own):
        assert oims("maintenance", "end", str(window["id"])).returncode == 0


def test_a_byte_that_is_no_utf_8_is_replaced(oims: Oims, made: Made, server: Server, token: str) -> None:
    number = str(made("Caf\u00e9")["id"])
    command = f"printf 'caf\\351 is down\\n' | {shlex.quote(str(OIMS))} comment {number} -"
    environment = {"PATH": os.environ["PATH"], "OIMS_URL": server.url, "OIMS_TOKEN": token, "LC_ALL": "C"}
    done = subprocess.run(
        ["bash", "-c", command], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        "caf\ufffd is down"
        in json.loads(oims("show", number, "--json").stdout)["timeline"][-1]["data"]["body"]
    )


def test_hostile_text_reaches_no_terminal(oims: Oims, made: Made) -> None:
    number = str(
        made("Red \x1b[31m\x07alert", description="a\x1b]0;owned\x07b", labels={"x": "\x1b[2J"})["id"]
    )
    for arguments in (("list",), ("show", number), ("show", number, "--json")):
        shown = oims(*arguments)
        assert shown.returncode == 0
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", shown.stdout)


def on_a_terminal(server: Server, token: str, **changes: str) -> str:
    """Run `oims list` on a pseudo-terminal of 60 columns and return what it shows."""
    controller, terminal = pty.openpty()
    environment = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "TERM": "xterm",
        "COLUMNS": "60",
        "OIMS_URL": server.url,
        "OIMS_TOKEN": token,
    } | changes
    command = [OIMS, "list", "--search", "tty", "--limit", "1"]
    process = subprocess.Popen(command, env=environment, stdout=terminal, stderr=terminal)
    os.close(terminal)
    shown = b""
    while True:
        try:
            read = os.read(controller, 4096)
        except OSError:
            break
        if not read:
            break
        shown += read
    os.close(controller)
    assert process.wait(30) == 0
    return shown.decode()


def test_colour_is_for_terminals_and_can_be_switched_off(
    oims: Oims, server: Server, token: str, made: Made
) -> None:
    made("tty " + "long " * 30, severity="critical")
    assert "\x1b[" in on_a_terminal(server, token)
    plain = on_a_terminal(server, token, NO_COLOR="1")
    assert "\x1b[" not in plain
    assert max(len(line) for line in plain.splitlines()) <= 60
    assert "…" in plain
    piped = oims("list", "--search", "tty").stdout
    assert "\x1b[" not in piped
    assert "…" not in piped


@pytest.mark.parametrize(
    ("arguments", "changes", "status", "sentence"),
    [
        (("show", "99999"), {}, 1, "oims: There is no incident 99999."),
        (("ack", "99999"), {}, 1, "oims: There is no incident 99999."),
        (("assign", "1", "me"), {}, 1, "oims: This token acts for no user"),
        (("assign", "1", "x@example.org"), {}, 1, "oims: There is no user with the address 'x@example.org'."),
        (("show", "x"), {}, 2, "'x' is not a whole number above 0"),
        (("create", "x", "--label", "y"), {}, 2, "'y' is not name=value"),
        (("nothing",), {}, 2, "invalid choice: 'nothing'"),
        (("maintenance",), {}, 2, "required: what"),
        (("maintenance", "plan", "x", "--for", "2h"), {}, 2, "required: --match"),
        (("maintenance", "plan", "x", "--match", "a=b", "--for", "long"), {}, 2, "'long' is not a length"),
        (("maintenance", "plan", "x", "--match", "a=b", "--to", "soon"), {}, 2, "'soon' is not a time"),
        (("maintenance", "plan", "x", "--match", "a", "--for", "1h"), {}, 1, "matchers"),
        ((), {}, 2, "required: command"),
        (("list",), {"OIMS_URL": ""}, 2, "oims: OIMS_URL is not set; set it to the app's address"),
        (("list",), {"OIMS_URL": "ftp://x"}, 2, "oims: OIMS_URL must start with http://"),
        (("list",), {"OIMS_TOKEN": ""}, 2, "oims: OIMS_TOKEN is not set"),
        (("list",), {"OIMS_TOKEN_FILE": "/none"}, 2, "oims: OIMS_TOKEN and OIMS_TOKEN_FILE are both set"),
        (("list",), {"OIMS_TOKEN": "", "OIMS_TOKEN_FILE": "/none"}, 2, "cannot read /none: No such file"),
        (("list",), {"OIMS_TOKEN": "a b"}, 2, "oims: OIMS_TOKEN is not a token"),
        (
            ("list",),
            {"OIMS_URL": "http://127.0.0.1:1"},
            3,
            "http://127.0.0.1:1 cannot be reached: Connection",
        ),
        (("list",), {"OIMS_TOKEN": "wrong"}, 4, "oims: Send a valid API token"),
    ],
)
def test_what_goes_wrong_is_a_sentence_and_a_status(
    oims: Oims, arguments: tuple[str, ...], changes: dict[str, str], status: int, sentence: str
) -> None:
    done = oims(*arguments, **changes)
    assert done.returncode == status
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(("exceptions", "status"), [("", 3), ("example.org", 3), ("127.0.0.1", 0)])
def test_it_goes_by_the_proxy_of_the_environment_unless_no_proxy_names_the_app(
    oims: Oims, exceptions: str, status: int
) -> None:
    done = oims("whoami", http_proxy="http://127.0.0.1:9", NO_PROXY=exceptions)
    assert done.returncode == status, done.stderr


def test_a_reader_may_not_write(oims: Oims, server: Server, made: Made) -> None:
    reader = server.token("reader", "read")
    number = str(made("Readable")["id"])
    assert oims("show", number, OIMS_TOKEN=reader).returncode == 0
    refused = oims("ack", number, OIMS_TOKEN=reader)
    assert (refused.returncode, refused.stderr) == (4, "oims: This token doesn't have the scope write.\n")


def test_the_token_may_come_from_a_file(oims: Oims, token: str, tmp_path: Any) -> None:
    file = tmp_path / "token"
    file.write_text(f"{token}\n")
    assert oims("whoami", OIMS_TOKEN="", OIMS_TOKEN_FILE=str(file)).returncode == 0


def test_a_reader_that_has_seen_enough_is_no_error(
    oims: Oims, server: Server, token: str, made: Made
) -> None:
    made("Piped into head")
    environment = {"PATH": os.environ["PATH"], "OIMS_URL": server.url, "OIMS_TOKEN": token}
    shell = f"set -o pipefail; {shlex.quote(str(OIMS))} list --json | head -n 1"
    done = subprocess.run(
        ["bash", "-c", shell], env=environment, capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
