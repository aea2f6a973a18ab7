"""What the pages about the API and the command say works when it is pasted."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cli import errors
from cli.arguments import parser
from tests.app.server import ROOT, Server

BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
CLI_PAGE = (ROOT / "docs" / "cli.md").read_text()
API_PAGE = (ROOT / "docs" / "api.md").read_text()


@pytest.mark.parametrize("page", [CLI_PAGE, API_PAGE], ids=["cli", "api"])
def test_every_command_works_as_pasted(page: str, server: Server, token: str, tmp_path: Path) -> None:
    assert server.ask("POST", "/api/v1/incidents", token=token, body={"title": "One"})[0] == 201
    folder = tmp_path / ".local" / "bin"
    folder.mkdir(parents=True)
    script = "set -euo pipefail\n" + "".join(BLOCK.findall(page)).replace('"$PWD/', f'"{ROOT}/')
    environment = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "OIMS_URL": server.url,
        "OIMS_TOKEN": token,
    }
    done = subprocess.run(
        ["bash", "-c", script.replace("incidents/1", f"incidents/{_open(server, token)}")],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def _open(server: Server, token: str) -> Any:
    """Return the id of an incident that nobody has acknowledged."""
    return server.ask("POST", "/api/v1/incidents", token=token, body={"title": "Untouched"})[1]["id"]


def test_every_command_and_exit_status_is_on_the_page() -> None:
    names = re.findall(r"^    (\w+)(?:  |$)", parser().format_help(), re.MULTILINE)
    assert {"list", "doctor", "completion"} <= {*names}
    for name in names:
        assert re.search(rf"\boims {name}\b|`{name}`", CLI_PAGE), name
    statuses = {value for name, value in vars(errors).items() if name.isupper()}
    assert {int(status) for status in re.findall(r"^\| (\d+) \|", CLI_PAGE, re.MULTILINE)} == statuses | {0}


def test_every_address_of_the_api_is_on_the_page(server: Server, token: str) -> None:
    status, document = server.ask("GET", "/api/v1/openapi.json", token=token)
    assert status == 200
    for path in document["paths"]:
        assert f"/{path.split('/')[3]}" in API_PAGE, path
