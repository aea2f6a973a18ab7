"""Who is on call, in a terminal."""

import json
from collections.abc import Callable
from subprocess import CompletedProcess

import pytest

from tests.app.server import Server

type Oims = Callable[..., CompletedProcess[str]]


@pytest.fixture(scope="module")
def alice(server: Server, token: str) -> str:
    """Alice's id."""
    _, found = server.ask("GET", "/api/v1/users?email=alice@example.org", token=token)
    return str(found["items"][0]["id"])


@pytest.fixture(scope="module")
def schedule(server: Server, token: str) -> str:
    status, made = server.ask("POST", "/api/v1/schedules", token=token, body={"name": "Shop", "zone": "UTC"})
    assert status == 201, made
    layer = {"name": "Weekly", "turns": [["Alice"]], "restrictions": ["Sat,Sun"]}
    assert server.ask("POST", f"/api/v1/schedules/{made['id']}/layers", token=token, body=layer)[0] == 201
    return str(made["id"])


def test_who_is_on_call_and_who_is_next(oims: Oims, schedule: str) -> None:
    shown = oims("oncall", "who")
    assert shown.returncode == 0, shown.stderr
    assert "Shop" in shown.stdout
    assert "Alice" in shown.stdout
    assert json.loads(oims("oncall", "who", "--json").stdout)[0]["name"] == "Shop"


def test_shifts_and_gaps_are_listed(oims: Oims, schedule: str) -> None:
    for arguments in ((), ("Shop",), (schedule,)):
        shown = oims("oncall", "shifts", *arguments)
        assert "nobody" in shown.stdout
        assert "Alice" in shown.stdout
    assert json.loads(oims("oncall", "shifts", "--json").stdout)[0]["starts_at"]
    unknown = oims("oncall", "shifts", "Nothing")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "Name one schedule" in unknown.stderr


def test_a_person_takes_over_and_a_program_must_name_one(oims: Oims, schedule: str, alice: str) -> None:
    program = oims("oncall", "take", "--for", "2h")
    assert (program.returncode, program.stdout) == (1, "")
    taken = oims("oncall", "take", "Shop", "--for", "2h", "--person", alice, "--reason", "Dentist")
    assert taken.returncode == 0, taken.stderr
    assert taken.stdout.startswith("Override 1 of Shop is made: ")
    assert "Alice" in oims("oncall", "shifts").stdout.splitlines()[1]
