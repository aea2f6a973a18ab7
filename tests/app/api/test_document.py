"""The document, and the running server held against it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.app.server import Server, running

HERE = Path(__file__).parent


def test_the_document_describes_every_operation(
    client: FlaskClient, headers: dict[str, str], app: Flask
) -> None:
    document = client.get("/api/v1/openapi.json", headers=headers).get_json()
    assert document["openapi"] == "3.1.0"
    described = {
        (path, method.upper()) for path, operations in document["paths"].items() for method in operations
    }
    declared = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/")]
    assert len(described) == len(declared)
    names = [one["operationId"] for operations in document["paths"].values() for one in operations.values()]
    assert len(set(names)) == len(names)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With incidents to find, and without a limit that would end the test early."""
    with running(tmp_path_factory.mktemp("server"), OIMS_API_RATE_LIMIT="0") as server:
        writer = server.token("writer", "write")
        for number in range(3):
            server.ask("POST", "/api/v1/incidents", token=writer, body={"title": f"Number {number}"})
        yield server


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_running_server_does_what_the_document_says(server: Server, tmp_path: Path) -> None:
    token = server.token("all", "admin")
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml")),
        *("run", f"{server.url}/api/v1/openapi.json", "--header", f"Authorization: Bearer {token}"),
        *("--checks", "all", "--max-examples", "5", "--workers", "2", "--no-color"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=580, check=False)
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr
